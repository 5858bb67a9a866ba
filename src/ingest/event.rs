//! Events: contradictions are rejected, ids become rows, and the books learn.

use super::lead::ahead;
use super::{Accepted, Facts, Fate, Moment, Rejected};
use crate::clock::{ClockMode, Day, Time};
use crate::config::{Config, OtherMerchants, UnknownItems};
use crate::feature::{Bond, Learned, Merchant, Space};
use crate::id::{CreatorRow, EventId, ItemRow, LastClick, MerchantRow, SceneId, TagId, UserRow};
use crate::model::{Event, EventKind, Fault, MAX_MONEY, Repeat};
use crate::money::Money;
use crate::race::WINDOW_DAYS;
use crate::telemetry::FactKind;

/// Returns the number of unknown items or merchants at which no more are accepted: the bound, and room for those that come before the next
/// sweep.
fn ceiling(bound: usize) -> usize {
    bound + bound / 16 + ROOM
}

/// Room for unknown items or merchants that come before the next sweep, beside a sixteenth of the bound.
const ROOM: usize = 1_024;

/// Rejects an event that has faults.
pub(super) fn accept(event: &Event<'_>, errors: Vec<Fault>) -> Result<(), Rejected> {
    if errors.is_empty() {
        return Ok(());
    }
    let id = event.id.as_deref().map(str::to_owned);
    Err(Rejected { id, errors })
}

/// Returns what becomes of an event whose id is known.
pub(super) fn repeated(event: &Event<'_>, repeat: Repeat) -> Accepted {
    match (repeat, event.id.as_deref()) {
        (Repeat::Other, Some(id)) => Accepted::Altered(id.into()),
        _ => Accepted::Known,
    }
}

impl Facts {
    /// Returns true if an arriving event is older than the race's window: before day(`as_of`) − 84. The clock of events counts the
    /// event itself. A follow or unfollow is never late: the latest one holds, whatever its age.
    pub(super) fn is_late(&self, event: &Event<'_>, moment: &Moment<'_>) -> bool {
        let opens = self.window_opens(event, moment);
        !event.kind.is_bond() && opens.is_some_and(|opens| moment.day(event.at) < opens)
    }

    /// Returns the first day of the race's window when an event arrives; `None` while recorded facts are applied.
    fn window_opens(&self, event: &Event<'_>, moment: &Moment<'_>) -> Option<Day> {
        let now = match self.judging? {
            ClockMode::Wall => moment.wall,
            ClockMode::Event => self
                .latest
                .max(Some(event.at))
                .map_or(moment.wall, |at| at.min(moment.wall)),
        };
        let as_of = now.floor(moment.config.clock.time_step);
        Some(moment.day(as_of).plus(-WINDOW_DAYS))
    }

    /// Returns the hash of an event's id, if it has one.
    pub(super) fn id_of(&self, event: &Event<'_>) -> Option<EventId> {
        event.id.as_deref().map(|id| self.books.seen.hash(id))
    }

    /// Applies an event, given the hash of its id. An event whose id is known changes nothing.
    pub(super) fn event(
        &mut self,
        event: &Event<'_>,
        id: Option<EventId>,
        late: bool,
        moment: &Moment<'_>,
    ) -> Fate {
        let content = id.map_or(0, |_| event.content());
        if let Some(accepted) = id.and_then(|id| self.books.seen.content(id)) {
            return Ok(self.repeat(event, Repeat::of(content, accepted)));
        }
        let purchase = self.purchase_of(event, id);
        let known = self.known_item(event);
        let mut faults = self.contradictions(event, known, purchase, moment);
        if let Some(fault) = self.beyond_bounds(event, known, moment) {
            self.counts.beyond_bounds += 1;
            self.sweeps.note();
            faults.push(fault);
        }
        accept(event, faults)?;
        if let Some(id) = event.id.as_deref() {
            self.note_spelling(FactKind::Event, id);
        }
        let mut learned = self.resolve(event, known, purchase, moment);
        let user = self.user(&event.user_id, moment.wall);
        (learned.late, learned.id, learned.content) = (late, id, content);
        (learned.user, learned.buyer) = (user, self.buyer(event.kind, purchase, user));
        self.sight(event, &mut learned, moment.config);
        learned.trade = self.trade(&learned, moment);
        learned.bond = self.bond(event, learned.merchant);
        learned.gain = moment.config.profile.gains[event.kind as usize];
        learned.item_gain = self.item_gain(event.kind, learned.item, moment.config);
        let mut tags = std::mem::take(&mut self.item_tags);
        self.copy_tags_for(&learned, &mut tags);
        learned.tags = &tags;
        self.learn(&learned, moment);
        self.credit(event, &learned, moment);
        self.by_scene.add(event, learned.worth, moment.config);
        tags.clear();
        self.item_tags = tags;
        self.counts.events[event.kind as usize] += 1;
        if late {
            self.counts.late[event.kind as usize] += 1;
            return Ok(Accepted::Late);
        }
        Ok(Accepted::Fresh)
    }

    /// Counts an event whose id is known.
    fn repeat(&mut self, event: &Event<'_>, repeat: Repeat) -> Accepted {
        self.counts.repeats[repeat as usize] += 1;
        repeated(event, repeat)
    }

    /// Lets the books learn from an event.
    pub(super) fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        self.sweeps.learnt(event);
        self.books.learn(event, moment);
        self.latest = self.latest.max(Some(event.at));
    }

    /// Returns the row of a user who is seen at an instant; an unknown user is created.
    pub(super) fn user(&mut self, id: &str, at: Time) -> UserRow {
        let users = self.books.users.len();
        let row = self.books.users.touch(&self.books.hasher, id, at);
        if self.books.users.len() > users {
            self.note_spelling(FactKind::User, id);
        }
        row
    }

    /// Returns the buyer for whom a sale by a user counts. A refund finds its purchase whatever became of the buyer: it counts for the one
    /// of the purchase if that one is gone or was merged into the user. A refund that waits, by a user who is gone, counts for the buyer of
    /// the purchase. Such a refund can only be by someone who knows the purchase's id.
    pub(super) fn buyer(
        &mut self,
        kind: EventKind,
        purchase: Option<u64>,
        user: UserRow,
    ) -> UserRow {
        let Some(purchase) = purchase else {
            return user;
        };
        let (sales, leaving) = (&mut self.books.sales, &self.leaving);
        let buyers = self.books.users.names.buyers();
        let is_same = |buyer| leaving.has(buyer) || buyers.of(buyer) == user;
        if kind == EventKind::Purchase {
            sales.hand_over(purchase, user, is_same);
        }
        let refunded = Some(purchase).filter(|_| kind == EventKind::Refund);
        let sold = refunded.and_then(|purchase| sales.buyer(purchase));
        sold.filter(|buyer| is_same(*buyer)).unwrap_or(user)
    }

    /// Returns the number of the purchase that an event with that id is or refunds, if it has one.
    pub(super) fn purchase_of(&self, event: &Event<'_>, id: Option<EventId>) -> Option<u64> {
        let purchase = if event.kind == EventKind::Refund {
            let purchase = event.purchase_id.as_deref();
            purchase.map(|id| self.books.seen.hash(id))
        } else {
            id
        };
        purchase.map(EventId::number)
    }

    /// Returns the contradictions between an event, with its item if that is known, and the state. One that was accepted before needs only
    /// its item.
    pub(super) fn contradictions(
        &self,
        event: &Event<'_>,
        item: Option<ItemRow>,
        purchase: Option<u64>,
        moment: &Moment<'_>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        if item.is_none() && event.item_id.is_some() && !self.may_lack_item(event, purchase, moment)
        {
            faults.push(Fault::new(
                "item_id",
                "there is no item of this id in the catalogue",
            ));
        }
        if !moment.config.vocabulary.recorded {
            faults.extend(self.arrival_faults(event, item, moment));
        }
        faults
    }

    /// Returns whether an event may name an item that is not known: if the configuration says so, and if it is the refund of a purchase
    /// that is held. The item was deleted since.
    fn may_lack_item(&self, event: &Event<'_>, purchase: Option<u64>, moment: &Moment<'_>) -> bool {
        // Not whether the day is still held: that depends on when the standings were built.
        let opens = self.window_opens(event, moment);
        let is_held = |purchase| {
            let day = self.books.sales.day_of(purchase);
            day.is_some_and(|day| opens.is_none_or(|opens| day >= opens))
        };
        let is_refund = event.kind == EventKind::Refund;
        moment.config.store.unknown_items == UnknownItems::Stub
            || is_refund
                && purchase.is_some_and(|it| moment.config.vocabulary.recorded || is_held(it))
    }

    /// Returns the faults for which an event is rejected as it arrives, and never later: its record stays readable.
    fn arrival_faults(
        &self,
        event: &Event<'_>,
        item: Option<ItemRow>,
        moment: &Moment<'_>,
    ) -> impl Iterator<Item = Fault> {
        let (lead, bound) = (event.at.since(moment.wall), moment.config.store.future);
        let ahead = (lead > bound).then(|| Fault::new("at", ahead(lead, bound)));
        let declared = item
            .map(|row| self.books.items.get(row))
            .filter(|item| !item.stub());
        let strict = moment.config.store.other_merchants == OtherMerchants::Reject;
        let given = event.merchant_id.as_deref().filter(|_| strict);
        let is_of_other = given.is_some_and(|given| {
            let sells = |merchant| self.books.merchants.get(merchant).map(Merchant::id);
            declared.is_some_and(|item| sells(item.merchant) != Some(given))
        });
        let of_other =
            is_of_other.then(|| Fault::new("merchant_id", "is not the merchant of the item"));
        let money = item.and_then(|item| self.money(event, item));
        let is_too_much = event.amount.is_none() && money.is_some_and(|money| money > MAX_MONEY);
        let too_much = is_too_much.then(|| {
            let message = format!("times the price of the item is more than {MAX_MONEY}");
            Fault::new("quantity", message)
        });
        ahead.into_iter().chain(of_other).chain(too_much)
    }

    /// Returns the fault of an arriving event that names an unknown item or merchant although no more are kept. Those beyond the bound
    /// that nothing names go with the next sweep; some may come until then.
    pub(super) fn beyond_bounds(
        &self,
        event: &Event<'_>,
        item: Option<ItemRow>,
        moment: &Moment<'_>,
    ) -> Option<Fault> {
        let (books, store) = (&self.books, &moment.config.store);
        let fault = |field, key: &str, declare: &str| {
            let message = format!(
                "is unknown, and no more unknown ones are kept (store.{key}); send it by {declare} first"
            );
            Some(Fault::new(field, message))
        };
        if moment.config.vocabulary.recorded {
            return None;
        }
        if books.items.stubs() >= ceiling(store.stub_items)
            && event.item_id.is_some()
            && item.is_none()
        {
            return fault("item_id", "stub_items", "PUT /items");
        }
        let is_unknown = |id: &str| books.merchants.find(&books.hasher, id).is_none();
        if books.merchants.bare() >= ceiling(store.bare_merchants)
            && event.merchant_id.as_deref().is_some_and(is_unknown)
        {
            return fault("merchant_id", "bare_merchants", "PUT /merchants");
        }
        None
    }

    /// Returns the row of an event's item, if it is known.
    pub(super) fn known_item(&self, event: &Event<'_>) -> Option<ItemRow> {
        let id = event.item_id.as_deref()?;
        self.books.items.find(self.books.hasher.hash(id), id)
    }

    /// Resolves an event, with its item if that is known, to rows, created if unknown. The fields about the person stay empty.
    pub(super) fn resolve<'l>(
        &mut self,
        event: &Event<'_>,
        known: Option<ItemRow>,
        purchase: Option<u64>,
        moment: &Moment<'_>,
    ) -> Learned<'l> {
        let strict = moment.config.store.unknown_items == UnknownItems::Reject;
        let may_lack = strict && event.kind == EventKind::Refund && event.item_id.is_some();
        let (item, merchant) = if may_lack && known.is_none() {
            // The item was deleted since; the purchase says what was sold.
            (ItemRow::NONE, MerchantRow::NONE)
        } else {
            self.target(event, known)
        };
        Learned {
            kind: event.kind,
            at: event.at,
            day: moment.day(event.at),
            late: false,
            id: None,
            content: 0,
            user: UserRow::NONE,
            buyer: UserRow::NONE,
            item,
            merchant,
            creator: self.creator(item),
            sights: moment.config.sights,
            goals: moment.config.goals,
            goal: None,
            tags: &[],
            scene: SceneId::OTHER,
            place: None,
            last: [LastClick::UNKNOWN; 3],
            bond: None,
            gain: 0.0,
            item_gain: 0.0,
            purchase,
            quantity: event.quantity.unwrap_or(1.0),
            amount: event.amount.map(Money::from_units),
            worth: self.money(event, item).map(Money::from_units),
            trade: None,
        }
    }

    /// Returns the rows of an event's item and merchant, created if unknown.
    fn target(&mut self, event: &Event<'_>, known: Option<ItemRow>) -> (ItemRow, MerchantRow) {
        let item = known.unwrap_or_else(|| {
            let id = event.item_id.as_deref();
            id.map_or(ItemRow::NONE, |id| self.stub(id))
        });
        let sells = item.some().map_or(MerchantRow::NONE, |item| {
            self.books.items.get(item).merchant
        });
        let merchant = match event.merchant_id.as_deref() {
            Some(id) => self.merchant(id),
            None => self.revive(sells),
        };
        (item, merchant)
    }

    /// Returns the creator of an item.
    pub(super) fn creator(&self, item: ItemRow) -> CreatorRow {
        let (items, tags) = (&self.books.items, &self.books.tags);
        match item.some() {
            Some(row) if tags.creators() > 0 => items.creator(row, items.get(row), tags),
            _ => CreatorRow::NONE,
        }
    }

    /// Creates the item of an unknown id.
    fn stub(&mut self, id: &str) -> ItemRow {
        self.counts.stubs += 1;
        let row = self.create_item(self.books.hasher.hash(id), id);
        self.sweeps.item(row);
        row
    }

    /// Returns an item's merchant. One that was deleted is created again, without declared fields, because its items still sell; they stay
    /// hidden.
    fn revive(&mut self, merchant: MerchantRow) -> MerchantRow {
        let gone = self
            .books
            .merchants
            .get(merchant)
            .filter(|merchant| !merchant.exists)
            .map(|merchant| merchant.id().to_owned());
        gone.map_or(merchant, |id| self.merchant(&id))
    }

    /// Returns the merchant or creator that a follow or unfollow is about.
    fn bond(&mut self, event: &Event<'_>, merchant: MerchantRow) -> Option<Bond> {
        if !event.kind.is_bond() {
            return None;
        }
        let Some(creator) = event.creator_id.as_deref() else {
            return Some(Bond::Merchant(merchant));
        };
        Some(Bond::Creator(self.tag(Space::Creator, creator)))
    }

    /// Copies the tags of an item: the users' book learns from them and cannot borrow the catalogue meanwhile.
    pub(super) fn copy_tags(&self, item: ItemRow, tags: &mut Vec<(TagId, f32)>) {
        if let Some(row) = item.some() {
            let items = &self.books.items;
            items.visit_tags(row, items.get(row), |tag, weight| tags.push((tag, weight)));
        }
    }

    /// Copies the tags that the user's profile learns from an event: those of the item, or of the item that is returned.
    fn copy_tags_for(&self, event: &Learned<'_>, tags: &mut Vec<(TagId, f32)>) {
        let trade = event.trade;
        if event.gain.abs() > 0.0 || trade.is_some_and(|trade| trade.back > 0.0) {
            let of = trade.map_or(event.item, |trade| trade.item);
            self.copy_tags(of, tags);
        }
    }

    /// Returns the gain for the history with the item itself, which a category may override.
    pub(super) fn item_gain(&self, kind: EventKind, item: ItemRow, config: &Config) -> f64 {
        let own = || {
            let category = self
                .books
                .tags
                .bare_name(Space::Category, self.books.items.category(item.some()?))?;
            config.profile.item_gains.get(category)?[kind as usize]
        };
        let set_apart = if config.profile.item_gains.is_empty() {
            None
        } else {
            own()
        };
        let of_kind = config.profile.gains_for_item[kind as usize];
        set_apart
            .or(of_kind)
            .unwrap_or(config.profile.gains[kind as usize])
    }

    /// Returns the money of a purchase or refund: its amount, else the listed price × quantity; `None` if neither is known, and for other
    /// events.
    pub(super) fn money(&self, event: &Event<'_>, item: ItemRow) -> Option<f64> {
        if !matches!(event.kind, EventKind::Purchase | EventKind::Refund) {
            return None;
        }
        let listed = || {
            let price = self.books.items.details(item.some()?).price?;
            Some(price * event.quantity.unwrap_or(1.0))
        };
        event.amount.or_else(listed)
    }
}
