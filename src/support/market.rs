//! The market: one immutable snapshot of all traffic targets, which requests read and the engine swaps as a whole.

use std::collections::BTreeMap;

use super::gate::Evidence;
use super::rung::End;
use crate::bits::Bits;
use crate::clock::Time;

/// The traffic targets at one instant.
#[derive(Clone, Debug, Default)]
pub struct Market {
    /// Its number; 0 before the first snapshot. It changes with the content alone.
    pub number: u64,
    /// The instant for which it was built.
    pub as_of: Time,
    /// What applies in each scene, by its name; a scene in which nothing applies is not here.
    pub scenes: BTreeMap<String, Help>,
    /// The runners on the ladder, by number of their kind.
    pub ladders: Vec<Climbers>,
    /// All campaigns by name, so that those which a later configuration has too go on under it.
    pub campaigns: BTreeMap<String, Spent>,
}

/// The help that a scene gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Help {
    /// Names of the live campaigns with a credit above 0.
    pub campaigns: Vec<String>,
    /// Credit of the long tail; 0 if it is on its target, or the scene has no share.
    pub tail: f64,
    /// True if the scene keeps places for newcomers, and one of them is behind plan.
    pub support: bool,
    /// True if too few exposures are reported to help anybody.
    pub blind: bool,
}

impl Help {
    /// No help, because too few exposures are reported.
    pub const BLIND: Self = Self {
        campaigns: Vec::new(),
        tail: 0.0,
        support: false,
        blind: true,
    };

    /// Returns whether any score is lifted.
    #[must_use]
    pub fn lifts(&self) -> bool {
        !self.campaigns.is_empty() || self.tail > 0.0
    }
}

/// What a campaign has used, and what is due.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Exposures of the enrolled so far.
    pub used: f64,
    /// Exposures due by now, if there is a budget.
    pub due: Option<f64>,
    /// True within its dates.
    pub live: bool,
    /// Its credit; 0 if it is not live.
    pub credit: f64,
}

/// The runners of one kind on the ladder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Climbers {
    /// The rows of those who climb and are behind plan.
    behind: Bits,
    /// By row, those that left included.
    figures: BTreeMap<u32, Climb>,
}

/// The figures of a runner on the ladder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climb {
    /// Its stage, from 1.
    pub stage: u16,
    /// Exposures since it entered.
    pub served: f64,
    /// Exposures by the end of its stage.
    pub quota: u64,
    /// Exposures due by now.
    pub due: f64,
    /// How far it is behind its plan, in [0, 1]; 0 if it left.
    pub credit: f64,
    /// Its evidence.
    pub evidence: Evidence,
    /// The usual rate of newcomers.
    pub usual: f64,
    /// The bar at the end of its stage; `None` for the last.
    pub bar: Option<f64>,
    /// The reason for which it left, if it did.
    pub end: Option<End>,
}

impl Climbers {
    /// Returns the runners with these figures by row.
    #[must_use]
    pub fn new(figures: BTreeMap<u32, Climb>) -> Self {
        let behind = figures.iter().filter(|(_, climb)| climb.credit > 0.0);
        let behind = behind.map(|(row, _)| *row as usize).collect();
        Self { behind, figures }
    }

    /// Returns whether a runner is behind its plan.
    #[inline(always)]
    #[must_use]
    pub fn is_behind(&self, row: u32) -> bool {
        self.behind.has(row as usize)
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }

    /// Returns whether any runner is behind its plan.
    #[must_use]
    pub fn any_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Returns the figures of a runner.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&Climb> {
        self.figures.get(&row)
    }

    /// Returns the bytes held, approximately.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.behind.bytes() + self.figures.len() * size_of::<(u32, Climb)>()
    }
}

impl Market {
    /// Returns whether another snapshot gives the same help and shows the same figures.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.scenes == other.scenes
            && self.ladders == other.ladders
            && self.campaigns == other.campaigns
    }

    /// Returns the help in a scene; `None` if there is none.
    #[inline]
    #[must_use]
    pub fn help(&self, scene: &str) -> Option<&Help> {
        self.scenes.get(scene)
    }

    /// Returns the runners on the ladder of the kind with a number.
    #[must_use]
    pub fn climbers(&self, kind: usize) -> Option<&Climbers> {
        self.ladders.get(kind)
    }

    /// Returns the number of runners whose figures are known, and the bytes held, approximately.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        let runners = self.ladders.iter().map(|it| it.figures.len()).sum();
        [runners, self.ladders.iter().map(Climbers::bytes).sum()]
    }
}
