//! The pace of shares and budgets, as it is kept: the exposures since the last snapshot of the market, the credit of each share, and what
//! each campaign has used.
//!
//! Which merchants belong to the tail, and which items to a campaign, is known to the snapshot alone. So an event is counted by target
//! and row at once, and the snapshot settles the counts: [`Pace::begin`] hands them out, [`Pace::settle`] takes them back as sums. A
//! checkpoint in between holds both, so that nothing counts twice and nothing is lost. Both steps are recorded, with the [`Sums`] after the
//! second, so that a replay has the same sums, whoever belongs to the tail or to a campaign by then.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::campaign::Flight;
use crate::clock::Time;
use crate::config::{Campaign, Config};
use crate::id::{ItemRow, MerchantRow, SceneId};

/// What is counted in one scene.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Target {
    scene: String,
    has_share: bool,
    campaigns: Vec<(String, Flight)>,
}

/// What is counted, by scene.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(BTreeMap<SceneId, Target>);

impl Targets {
    /// Returns what a configuration counts, given the number of each scene. Scenes that have no number of their own are not counted.
    pub fn of(config: &Config, mut number: impl FnMut(&str) -> SceneId) -> Self {
        let mut targets = Self::default();
        let mut target = |scene: &String, change: &mut dyn FnMut(&mut Target)| {
            let scene_id = number(scene);
            if scene_id != SceneId::OTHER {
                let target = targets.0.entry(scene_id).or_default();
                target.scene.clone_from(scene);
                change(target);
            }
        };
        for scene in config.tail.scenes.keys() {
            target(scene, &mut |target| target.has_share = true);
        }
        for campaign in &config.campaigns.each {
            let flight = Flight {
                from: campaign.from,
                until: campaign.until,
            };
            for scene in &campaign.scenes {
                target(scene, &mut |target| {
                    target.campaigns.push((campaign.name.clone(), flight));
                });
            }
        }
        targets
    }

    /// Returns whether nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An exposure, as the pace counts it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The scene.
    pub scene: SceneId,
    /// The instant.
    pub at: Time,
    /// The item; [`ItemRow::NONE`] if unknown.
    pub item: ItemRow,
    /// The merchant; [`MerchantRow::NONE`] if unknown.
    pub merchant: MerchantRow,
    /// The amount of exposure, in units.
    pub amount: u64,
}

/// Exposures that are not settled yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Waiting {
    /// By scene with a share: the exposure of each merchant, in units.
    pub shares: BTreeMap<String, HashMap<MerchantRow, u64>>,
    /// By campaign: the exposure of each item in its scenes, within its dates, in units.
    pub campaigns: BTreeMap<String, HashMap<ItemRow, u64>>,
}

impl Waiting {
    fn len(&self) -> usize {
        let shares: usize = self.shares.values().map(HashMap::len).sum();
        let campaigns: usize = self.campaigns.values().map(HashMap::len).sum();
        shares + campaigns
    }

    fn is_empty(&self) -> bool {
        self.shares.is_empty() && self.campaigns.is_empty()
    }

    fn absorb(&mut self, other: &Self) {
        for (name, counts) in &other.shares {
            add(self.shares.entry(name.clone()).or_default(), counts);
        }
        for (name, counts) in &other.campaigns {
            add(self.campaigns.entry(name.clone()).or_default(), counts);
        }
    }
}

fn add<R: Copy + Eq + std::hash::Hash>(sums: &mut HashMap<R, u64>, more: &HashMap<R, u64>) {
    for (row, amount) in more {
        let sum = sums.entry(*row).or_default();
        *sum = sum.saturating_add(*amount);
    }
}

/// The result of settling what waited.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// The next credit of each share, by scene.
    pub credits: BTreeMap<String, f64>,
    /// Further exposure of the enrolled, by campaign, in units.
    pub used: BTreeMap<String, u64>,
}

/// The settled sums of all targets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Sums {
    /// The credit of each share, by scene.
    pub credits: BTreeMap<String, f64>,
    /// What each campaign has used, in units.
    pub used: BTreeMap<String, u64>,
    /// The dates of each campaign, the last ones of a campaign that is not configured any more.
    pub flights: BTreeMap<String, Flight>,
}

/// A step that is recorded, so that a replay repeats it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum PaceStep {
    /// What waits is handed out.
    Begin,
    /// The sums after what was handed out is settled, or after a change of what is counted.
    Sums(Sums),
}

/// Maximum number of campaigns that are remembered although they are not configured.
const PAST: usize = 1_000;

/// The kept state of shares and budgets.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    targets: Targets,
    waiting: Waiting,
    /// What a snapshot is settling.
    settling: Arc<Waiting>,
    sums: Sums,
    /// Maximum number of waiting counts.
    most: usize,
    /// Number of waiting counts.
    counts: usize,
    /// Number of exposures that were not counted at the bound since the start.
    pub evicted: u64,
}

/// The stored form of the pace.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct PaceImage {
    waiting: Waiting,
    credits: BTreeMap<String, f64>,
    used: BTreeMap<String, u64>,
    /// What is stored beside them.
    #[serde(skip)]
    pub dated: Dated,
}

/// The rest of the stored form.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Dated {
    settling: Arc<Waiting>,
    flights: BTreeMap<String, Flight>,
}

impl Pace {
    /// Counts what a configuration asks for from now on. What is known of shares that are gone is forgotten. A campaign goes on where it was
    /// if it comes back, and from 0 if its new dates have nothing in common with those before: it is another one under the same name.
    pub fn follow(&mut self, config: &Config, targets: Targets) {
        self.targets = targets;
        self.most = config.market.waiting;
        let is_share = |scene: &String| config.tail.scenes.contains_key(scene);
        let campaigns = &config.campaigns.each;
        let is_named = |name: &String| {
            let found = campaigns.binary_search_by(|it| it.name.cmp(name));
            found.is_ok()
        };
        self.sums.credits.retain(|scene, _| is_share(scene));
        self.waiting.shares.retain(|scene, _| is_share(scene));
        self.waiting.campaigns.retain(|name, _| is_named(name));
        for campaign in campaigns {
            let flight = Flight {
                from: campaign.from,
                until: campaign.until,
            };
            let before = self.sums.flights.insert(campaign.name.clone(), flight);
            if before.is_some_and(|before| !before.meets(&flight)) {
                self.sums.used.remove(&campaign.name);
                self.waiting.campaigns.remove(&campaign.name);
            }
        }
        if self.sums.flights.len() > campaigns.len() + PAST {
            self.sums.flights.retain(|name, _| is_named(name));
            self.sums.used.retain(|name, _| is_named(name));
        }
        self.counts = self.waiting.len();
    }

    /// Counts an exposure.
    pub fn show(&mut self, seen: &Seen) {
        if self.targets.is_empty() {
            return;
        }
        let Some(target) = self.targets.0.get(&seen.scene) else {
            return;
        };
        let before = self.most.saturating_sub(self.counts);
        let (mut room, mut lost) = (before, 0);
        if target.has_share {
            let counts = self.waiting.shares.entry(target.scene.clone());
            let counts = counts.or_default();
            lost += count(counts, seen.merchant, seen.amount, &mut room);
        }
        for (name, flight) in &target.campaigns {
            if flight.has(seen.at) && seen.item.is_some() {
                let counts = self.waiting.campaigns.entry(name.clone());
                let counts = counts.or_default();
                lost += count(counts, seen.item, seen.amount, &mut room);
            }
        }
        self.counts += before - room;
        self.evicted += lost;
    }

    /// Returns the credit of a scene's share.
    #[must_use]
    pub fn credit(&self, scene: &str) -> f64 {
        self.sums.credits.get(scene).copied().unwrap_or(0.0)
    }

    /// Returns the exposure of the enrolled that a campaign has used, in units.
    #[must_use]
    pub fn used(&self, campaign: &str) -> u64 {
        self.sums.used.get(campaign).copied().unwrap_or(0)
    }

    /// Returns whether nothing waits.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.settling.is_empty()
    }

    /// Returns the settled sums.
    #[must_use]
    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    /// Repeats a recorded step.
    pub fn redo(&mut self, step: PaceStep) {
        match step {
            PaceStep::Begin => drop(self.begin()),
            PaceStep::Sums(sums) => {
                self.settling = Arc::default();
                self.sums = sums;
            }
        }
    }

    /// Returns whether it counts these targets, by the dates that the configuration has.
    #[must_use]
    pub fn follows(&self, config: &Config, targets: &Targets) -> bool {
        let is_known = |it: &Campaign| {
            let flight = self.sums.flights.get(&it.name);
            flight.is_some_and(|flight| (flight.from, flight.until) == (it.from, it.until))
        };
        self.targets == *targets && config.campaigns.each.iter().all(is_known)
    }

    /// Hands out what waits, to be settled.
    pub fn begin(&mut self) -> Arc<Waiting> {
        let mut next = std::mem::take(&mut self.waiting);
        self.counts = 0;
        // What an earlier snapshot began and did not settle.
        if !self.settling.is_empty() {
            next.absorb(&self.settling);
        }
        self.settling = Arc::new(next);
        Arc::clone(&self.settling)
    }

    /// Takes the sums of what was handed out.
    pub fn settle(&mut self, settled: Settled) {
        self.settling = Arc::default();
        self.sums.credits.extend(settled.credits);
        for (campaign, more) in settled.used {
            *self.sums.used.entry(campaign).or_default() += more;
        }
    }

    /// Forgets a deleted item.
    pub fn forget_item(&mut self, item: ItemRow) {
        let before = self.waiting.len();
        for counts in self.waiting.campaigns.values_mut() {
            counts.remove(&item);
        }
        self.counts -= (before - self.waiting.len()).min(self.counts);
    }

    /// Forgets a deleted merchant.
    pub fn forget_merchant(&mut self, merchant: MerchantRow) {
        let before = self.waiting.len();
        for counts in self.waiting.shares.values_mut() {
            counts.remove(&merchant);
        }
        self.counts -= (before - self.waiting.len()).min(self.counts);
    }

    /// Forgets what was counted; the credits stay.
    pub fn clear(&mut self) {
        (self.waiting, self.settling) = (Waiting::default(), Arc::default());
        self.sums.used.clear();
        self.counts = 0;
    }

    /// Returns the stored form.
    #[must_use]
    pub fn image(&self) -> PaceImage {
        PaceImage {
            waiting: self.waiting.clone(),
            credits: self.sums.credits.clone(),
            used: self.sums.used.clone(),
            dated: Dated {
                settling: Arc::clone(&self.settling),
                flights: self.sums.flights.clone(),
            },
        }
    }

    /// Restores the stored form, but for its rest.
    pub fn restore(&mut self, image: PaceImage) {
        self.counts = image.waiting.len();
        self.waiting = image.waiting;
        (self.sums.credits, self.sums.used) = (image.credits, image.used);
    }

    /// Restores the rest.
    pub fn restore_dated(&mut self, dated: Dated) {
        (self.settling, self.sums.flights) = (dated.settling, dated.flights);
    }

    /// Returns the number of waiting counts, those being settled included, and their bytes, approximately.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        let counts = self.counts + self.settling.len();
        [counts, counts * size_of::<(u32, u64)>() * 2]
    }
}

/// Adds to the count of a row if it exists or there is room for it. Returns 1 if it is not counted, else 0.
fn count<R: Copy + Eq + std::hash::Hash>(
    counts: &mut HashMap<R, u64>,
    row: R,
    amount: u64,
    room: &mut usize,
) -> u64 {
    if let Some(count) = counts.get_mut(&row) {
        *count = count.saturating_add(amount);
        return 0;
    }
    if *room == 0 {
        return 1;
    }
    *room -= 1;
    counts.insert(row, amount);
    0
}
