//! The user's profile, laid out for a few loads per candidate: tag weights in an array over all tags, histories in tables by row.

use super::lookup::{Sums, Table};
use super::sides::Sides;
use super::view::View;
use crate::feature::{Bond, Bought, Item, Items, Profile, Purchases, User};
use crate::id::{CreatorRow, ItemRow, MerchantRow, TagId, UserRow};
use crate::number::{narrow, short};
use crate::objective::Needs;
use crate::race::{Standings, TagTable};

/// The profile of one user at one instant.
#[derive(Debug, Default)]
pub(super) struct Taste {
    /// By tag: (the user's weight × idf², idf²). The second number is the same for all users of one standings.
    tags: TagTable,
    /// Tags whose first number may differ from 0.
    touched: Vec<TagId>,
    /// Length of the vector of tag weights × idf; 0 without tags.
    norm: f32,
    /// The standings whose idf the second numbers hold.
    idf_of: Option<(usize, u64)>,
    /// The row of the user; `None` if unknown.
    pub(super) user: Option<UserRow>,
    items: Sums,
    merchants: Sums,
    /// Loaded only if they are needed.
    creators: Sums,
    /// The places of the items that the user bought; loaded only if they are needed.
    bought: Table<u32>,
}

impl Taste {
    /// Loads the parts of a user's profile that are needed, for the objectives or the aversion, whose parts are returned. An unknown
    /// user has an empty profile.
    pub(super) fn load(&mut self, id: &str, view: &View<'_>, needs: Needs) -> Sides {
        let View {
            hasher,
            users,
            tags,
            ..
        } = *view;
        self.user = users.find(hasher, id);
        let profile = self.user.and_then(|row| users.profile(row));
        profile.into_iter().for_each(Profile::prefetch);
        let sides = Sides::of(self.user, view);
        let needs = needs.and(sides.needs());
        self.make_room(view.standings, tags.len());
        self.norm = 0.0;
        let sizes = profile.map_or((0, 0), |profile| {
            (
                profile.items().len(),
                profile.merchants().len() + profile.follows().count(),
            )
        });
        self.items.clear(sizes.0);
        self.merchants.clear(sizes.1);
        if needs.includes(Needs::TAGS)
            && let Some(user) = self.user.and_then(|row| users.get(row))
        {
            self.load_tags(user, profile, view);
        }
        if needs.includes(Needs::CREATORS) {
            self.load_creators(profile, view);
        }
        if needs.includes(Needs::BOUGHT) {
            self.load_bought(view);
        }
        if needs.includes(Needs::HISTORY)
            && let Some(profile) = profile
        {
            self.load_histories(profile, view);
        }
        sides
    }

    /// Takes a filled table, if one is ready and the standings are new to this thread or the table is wider than its own.
    pub(super) fn meet(&mut self, standings: &Standings) {
        let which = identity(standings);
        let is_behind = self.idf_of != Some(which) || self.tags.len() < standings.idf.prepared();
        if is_behind && standings.idf.exchange(&mut self.tags) {
            self.touched.clear();
            self.idf_of = Some(which);
        }
    }

    /// Returns whether there is room for so many tags, with their idf² filled in.
    pub(super) fn has_room(&self, standings: &Standings, tags: usize) -> bool {
        self.idf_of == Some(identity(standings)) && self.tags.len() >= tags
    }

    /// Makes room for every tag and fills in its idf², unless that is done. Removes the weights of the previous user.
    pub(super) fn make_room(&mut self, standings: &Standings, tags: usize) {
        let which = identity(standings);
        if self.idf_of == Some(which) {
            self.touched
                .iter()
                .for_each(|tag| self.tags[tag.index()][0] = 0.0);
        } else {
            self.tags.clear();
            self.idf_of = Some(which);
        }
        self.touched.clear();
        standings.idf.extend(&mut self.tags, tags);
    }

    /// Adds up learnt, declared and followed tags, then multiplies each by its idf².
    fn load_tags(&mut self, user: &User, profile: Option<&Profile>, view: &View<'_>) {
        let settings = &view.config.profile;
        if let Some(profile) = profile {
            let left = profile.left(view.decay(), view.as_of);
            for entry in profile.tags().entries() {
                let tag = TagId(entry.key);
                self.tags[tag.index()][0] = narrow(entry.weight * left);
                self.touched.push(tag);
            }
        }
        for &(tag, weight) in &user.tags {
            self.add(tag, settings.declared_gain * f64::from(weight));
        }
        for bond in profile.into_iter().flat_map(Profile::follows) {
            if let Bond::Creator(tag) = bond {
                self.add(tag, settings.follow_bond);
            }
        }
        self.norm = self.weigh_by_idf();
    }

    /// Multiplies each tag's weight by its idf². Returns the length of the vector of weight × idf.
    fn weigh_by_idf(&mut self) -> f32 {
        let mut square = 0.0;
        for tag in &self.touched {
            let [weight, idf_square] = &mut self.tags[tag.index()];
            square += f64::from(*weight).powi(2) * f64::from(*idf_square);
            *weight *= *idf_square;
        }
        narrow(square.sqrt())
    }

    /// Adds a weight to a tag that may have one already.
    fn add(&mut self, tag: TagId, weight: f64) {
        if !self.touched.contains(&tag) {
            self.touched.push(tag);
        }
        self.tags[tag.index()][0] += narrow(weight);
    }

    fn load_histories(&mut self, profile: &Profile, view: &View<'_>) {
        let left = profile.left(view.decay(), view.as_of);
        for entry in profile.items().entries() {
            self.items.add(entry.key, entry.weight * left);
        }
        for entry in profile.merchants().entries() {
            self.merchants.add(entry.key, entry.weight * left);
        }
        for bond in profile.follows() {
            if let Bond::Merchant(merchant) = bond {
                self.merchants
                    .add(merchant.0, view.config.profile.follow_bond);
            }
        }
    }

    /// Loads the histories with creators: the weights of their tags, and the bonds of following.
    fn load_creators(&mut self, profile: Option<&Profile>, view: &View<'_>) {
        let most = profile.map_or(0, |it| it.tags().len() + it.follows().count());
        self.creators.clear(most);
        let Some(profile) = profile else { return };
        let left = profile.left(view.decay(), view.as_of);
        for entry in profile.tags().entries() {
            if view.tags.is_creator(TagId(entry.key)) {
                self.creators.add(entry.key, entry.weight * left);
            }
        }
        for bond in profile.follows() {
            if let Bond::Creator(tag) = bond {
                self.creators.add(tag.0, view.config.profile.follow_bond);
            }
        }
    }

    fn load_bought(&mut self, view: &View<'_>) {
        let bought = bought(self.user, view);
        self.bought.clear(bought.map_or(0, Bought::len));
        for (item, place) in bought.into_iter().flat_map(Bought::kept) {
            self.bought.add(item.0, short(place));
        }
    }

    /// Returns the cosine of the user's and an item's tags, each × idf, in [−1, 1]; NaN if either has no tags.
    pub(super) fn cosine<'t>(&'t self, items: &'t Items) -> impl Fn(ItemRow, &Item) -> f32 + 't {
        let (length, tags) = (self.norm, self.tags.as_slice());
        move |row, item| {
            if length <= 0.0 || !item.has_tags() {
                return f32::NAN;
            }
            let [product, square] = items.sums(row, item, tags);
            let norm = length * square.sqrt();
            if norm > 0.0 {
                (product / norm).clamp(-1.0, 1.0)
            } else {
                f32::NAN
            }
        }
    }

    /// Returns the user's history with an item: 0 without one, `None` for an unknown user.
    pub(super) fn items(&self) -> impl Fn(ItemRow) -> Option<f64> + '_ {
        let (known, sums) = (self.user.is_some(), self.items.reader());
        move |item| known.then(|| sums(item.0).unwrap_or(0.0))
    }

    /// Returns a function from an item to what the user bought of it, `None` for nothing.
    pub(super) fn purchases<'t>(
        &'t self,
        view: &'t View<'_>,
    ) -> impl Fn(ItemRow) -> Option<Purchases> + 't {
        let (bought, places) = (bought(self.user, view), self.bought.reader());
        let (decay, now) = (view.decay(), view.as_of);
        move |item| bought?.purchases(places(item.0)? as usize, decay, now)
    }

    /// Returns the user's history with a merchant, including the bond of following, in the same way.
    pub(super) fn merchants(&self) -> impl Fn(MerchantRow) -> Option<f64> + '_ {
        let (known, sums) = (self.user.is_some(), self.merchants.reader());
        move |merchant| known.then(|| sums(merchant.0).unwrap_or(0.0))
    }

    /// Returns the user's history with a creator, including the bond of following, in the same way.
    pub(super) fn creators(&self) -> impl Fn(CreatorRow) -> Option<f64> + '_ {
        let (known, sums) = (self.user.is_some(), self.creators.reader());
        move |creator| known.then(|| sums(creator.0).unwrap_or(0.0))
    }
}

/// Returns what tells standings apart. A process may run several engines.
fn identity(standings: &Standings) -> (usize, u64) {
    (std::ptr::from_ref(standings).addr(), standings.number)
}

/// Returns what a user bought, who may be unknown.
fn bought<'v>(user: Option<UserRow>, view: &View<'v>) -> Option<&'v Bought> {
    view.users.figures.bought.get(user?)
}
