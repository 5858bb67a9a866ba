//! A running experiment: who is enrolled, and the sums of its cells.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::assign::{CELLS, Place, place};
use super::gini::{Seen, count};
use super::judgement::Judgement;
use super::plan::Plan;
use super::sums::{Credit, SUMS, Sum, Sums, What, total};
use crate::clock::{Day, Time};
use crate::config::PARTS;
use crate::number::counted;

/// Number of cells of an arm.
const MANY: usize = CELLS as usize;

/// A running experiment.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its terms.
    pub plan: Plan,
    /// Its begin.
    pub begun: Time,
    /// What was found so far.
    pub judgement: Judgement,
    /// The last day that was judged.
    pub judged: Option<Day>,
    /// Impressions of merchants beyond the bound, which count for no merchant.
    pub unseen: u64,
    arms: Vec<Arm>,
    /// The fingerprints of the enrolled by cell, sorted.
    users: Vec<Arc<Vec<u32>>>,
    enrolled: usize,
}

/// The sums of an arm. They are shared with the image of a checkpoint until the next change.
#[derive(Clone, Debug)]
struct Arm {
    cells: Arc<Vec<Sums>>,
    seen: Arc<Seen>,
}

/// What is counted of an arm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ArmTotals {
    /// Users.
    pub users: u64,
    /// Answers.
    pub answers: u64,
    /// Impressions.
    pub impressions: u64,
    /// Clicks.
    pub clicks: u64,
    /// Purchases.
    pub orders: u64,
    /// Money of purchases less refunds.
    pub gmv: f64,
}

/// The sums of an arm as a checkpoint holds them: the cells, and the impressions by merchant, sorted.
pub type StoredArm<'a> = (&'a [Sums], Vec<(u32, u32)>);

/// What a checkpoint holds of a running experiment beside its sums and users.
#[derive(Debug, Deserialize, Serialize)]
pub struct Stored {
    pub(super) plan: Plan,
    pub(super) begun: Time,
    pub(super) judgement: Judgement,
    pub(super) judged: Option<Day>,
    pub(super) unseen: u64,
}

impl Running {
    /// Begins an experiment.
    #[must_use]
    pub fn new(plan: Plan, begun: Time) -> Self {
        let arm = || Arm {
            cells: Arc::new(vec![[0.0; SUMS]; MANY]),
            seen: Arc::default(),
        };
        Self {
            arms: plan.arms.iter().map(|_| arm()).collect(),
            plan,
            begun,
            judgement: Judgement::default(),
            judged: None,
            unseen: 0,
            users: vec![Arc::default(); MANY],
            enrolled: 0,
        }
    }

    /// Returns the number of users who are enrolled.
    #[must_use]
    pub fn enrolled(&self) -> usize {
        self.enrolled
    }

    /// Returns whether a user is enrolled, by the place.
    #[must_use]
    pub fn has(&self, at: &Place) -> bool {
        let users = self.users.get(cell(at.cell));
        users.is_some_and(|users| users.binary_search(&at.fingerprint).is_ok())
    }

    /// Enrols a user in an arm, with decayed purchases and money of the time before. Returns false if the user is enrolled already, or if
    /// there is no such arm.
    pub fn enrol(&mut self, user: &str, arm: usize, [orders, money]: [f64; 2]) -> bool {
        let at = place(&self.plan.name, user);
        let (Some(arm), Some(users)) = (self.arms.get_mut(arm), self.users.get_mut(cell(at.cell)))
        else {
            return false;
        };
        let Err(before) = users.binary_search(&at.fingerprint) else {
            return false;
        };
        Arc::make_mut(users).insert(before, at.fingerprint);
        self.enrolled += 1;
        if let Some(sums) = Arc::make_mut(&mut arm.cells).get_mut(cell(at.cell)) {
            sums[Sum::Users as usize] += 1.0;
            sums[Sum::PastOrders as usize] += orders;
            sums[Sum::PastMoney as usize] += money;
        }
        true
    }

    /// Forgets that a user is enrolled. The sums stay: they name nobody.
    pub fn forget(&mut self, user: &str) {
        let at = place(&self.plan.name, user);
        if let Some(users) = self.users.get_mut(cell(at.cell))
            && let Ok(before) = users.binary_search(&at.fingerprint)
        {
            Arc::make_mut(users).remove(before);
            self.enrolled -= 1;
        }
    }

    /// Counts what a user did, if it counts.
    pub fn credit(&mut self, user: &str, credit: &Credit<'_>) {
        let is_elsewhere = credit.scene.is_some_and(|scene| !self.plan.meets(scene));
        if credit.at < self.begun || credit.what.has_scene() && is_elsewhere {
            return;
        }
        let at = place(&self.plan.name, user);
        if !self.has(&at) {
            return;
        }
        let number = self.plan.arms.partition_point(|(_, end)| *end <= at.part);
        let Some(arm) = self.arms.get_mut(number) else {
            return;
        };
        if let Some(sums) = Arc::make_mut(&mut arm.cells).get_mut(cell(at.cell)) {
            credit.what.add(sums, self.plan.cap);
        }
        if let (What::Saw(_), Some(merchant)) = (credit.what, credit.merchant) {
            let is_counted = count(Arc::make_mut(&mut arm.seen), merchant);
            self.unseen += u64::from(!is_counted);
        }
    }

    /// Counts answers under an arm to the users of a cell.
    pub fn answered(&mut self, arm: usize, at: u32, answers: u32) {
        if let Some(arm) = self.arms.get_mut(arm)
            && let Some(sums) = Arc::make_mut(&mut arm.cells).get_mut(cell(at))
        {
            sums[Sum::Answers as usize] += f64::from(answers);
        }
    }

    /// Forgets a merchant, whose number another one may get.
    pub fn forget_merchant(&mut self, merchant: u32) {
        for arm in self
            .arms
            .iter_mut()
            .filter(|arm| arm.seen.contains_key(&merchant))
        {
            Arc::make_mut(&mut arm.seen).remove(&merchant);
        }
    }

    /// Returns the cells of each arm.
    pub fn cells(&self) -> impl Iterator<Item = &[Sums]> + Clone {
        self.arms.iter().map(|arm| &**arm.cells)
    }

    /// Returns what is counted of each arm.
    pub fn counts(&self) -> impl Iterator<Item = ArmTotals> {
        self.cells().map(|cells| ArmTotals {
            users: counted(total(cells, Sum::Users)),
            answers: counted(total(cells, Sum::Answers)),
            impressions: counted(total(cells, Sum::Impressions)),
            clicks: counted(total(cells, Sum::Clicks)),
            orders: counted(total(cells, Sum::Orders)),
            gmv: total(cells, Sum::Net),
        })
    }

    /// Returns the impressions by merchant of each arm.
    pub(super) fn seen(&self) -> impl Iterator<Item = &Seen> + Clone {
        self.arms.iter().map(|arm| &*arm.seen)
    }

    /// Returns the number of merchants with impressions, those of each arm.
    #[must_use]
    pub fn merchants(&self) -> usize {
        self.seen().map(Seen::len).sum()
    }

    /// Returns what a checkpoint holds of it beside its sums and users.
    #[must_use]
    pub fn stored(&self) -> Stored {
        Stored {
            plan: self.plan.clone(),
            begun: self.begun,
            judgement: self.judgement.clone(),
            judged: self.judged,
            unseen: self.unseen,
        }
    }

    /// Returns the sums of an arm as a checkpoint holds them.
    #[must_use]
    pub fn stored_arm(&self, arm: usize) -> Option<StoredArm<'_>> {
        let arm = self.arms.get(arm)?;
        let mut seen: Vec<_> = arm.seen.iter().map(|(row, count)| (*row, *count)).collect();
        seen.sort_unstable();
        Some((&arm.cells, seen))
    }

    /// Restores the sums of an arm.
    pub fn restore_arm(&mut self, arm: usize, cells: Vec<Sums>, seen: Vec<(u32, u32)>) {
        if let Some(arm) = self.arms.get_mut(arm).filter(|_| cells.len() == MANY) {
            arm.cells = Arc::new(cells);
            arm.seen = Arc::new(seen.into_iter().collect());
        }
    }

    /// Returns the fingerprints of a cell.
    #[must_use]
    pub fn stored_users(&self, cell: usize) -> Option<&[u32]> {
        self.users.get(cell).map(|users| users.as_slice())
    }

    /// Restores the fingerprints of a cell.
    pub fn restore_users(&mut self, cell: usize, mut users: Vec<u32>) {
        if let Some(restored) = self.users.get_mut(cell) {
            users.sort_unstable();
            users.dedup();
            self.enrolled = self.enrolled + users.len() - restored.len();
            *restored = Arc::new(users);
        }
    }

    /// Returns its bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let arms = self.arms.len() * MANY * size_of::<Sums>();
        arms + self.enrolled * size_of::<u32>() + self.merchants() * 2 * size_of::<(u32, u32)>()
    }
}

impl From<Stored> for Running {
    fn from(stored: Stored) -> Self {
        Self {
            judgement: stored.judgement,
            judged: stored.judged,
            unseen: stored.unseen,
            ..Self::new(stored.plan, stored.begun)
        }
    }
}

/// Returns the index of a cell.
fn cell(number: u32) -> usize {
    number.min(CELLS - 1) as usize
}

const _: () = assert!(CELLS <= PARTS, "a cell is a part");
