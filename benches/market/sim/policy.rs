//! Policies: what a marketplace configures; and attacks on it.

use std::fmt::Write;

use super::world::World;
use saima::clock::{DAY, Time};

/// What a marketplace configures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Policy {
    /// The ladder with its two places.
    pub(crate) ladder: bool,
    /// Target share of the tail; 0: none.
    pub(crate) tail: f64,
    /// The campaign with its budget.
    pub(crate) campaign: bool,
    /// Maximum number of items of one shop on a page; 0: any.
    pub(crate) cap: usize,
}

/// What somebody does against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Nothing; the bots of the world don't work either.
    None,
    /// Bots click for weak newcomers and buy from them.
    Bots,
    /// Weak newcomers close and open again, four times, and name their owner.
    SameOwner,
    /// The same, each time under a new owner.
    NewOwners,
    /// Weak newcomers pay for visits from elsewhere.
    Traffic,
}

/// The first simulated instant: a Monday.
pub(crate) const BEGIN: i64 = 1_772_409_600_000;

/// Returns an instant by the simulated days until it.
pub(crate) fn at(days: f64) -> Time {
    let begin = Time::from_millis(BEGIN).unwrap_or_default();
    // In steps of a second, from the numbers of seconds that make up the days.
    let seconds = std::time::Duration::from_secs_f64(days.abs() * 86_400.0).as_secs();
    let millis = i64::try_from(seconds * 1_000).unwrap_or(DAY);
    begin.plus(if days < 0.0 { -millis } else { millis })
}

impl Policy {
    /// Returns the configuration.
    pub(crate) fn toml(&self, world: &World) -> String {
        let mut text = String::from(
            "[scene.feed]\nlimit = 20\ntimeout_ms = 60000\n[profile.item_gains.goods]\npurchase = -3\n\
             [race]\ninterval_seconds = 86400\n[market]\ninterval_seconds = 3600\n",
        );
        if self.ladder {
            text += "[support]\nscenes = [\"feed\"]\nplaces = [5, 11]\n";
        }
        // Writing to a string does not fail.
        if self.tail > 0.0 {
            let _ = writeln!(text, "[tail]\nscenes = {{ feed = {} }}", self.tail);
        }
        if self.campaign {
            let [from, until] = world.campaign().map(|day| at(super::world::count(day)));
            let _ = writeln!(
                text,
                "[campaign.sale]\nscenes = [\"feed\"]\nboost = 1.3\nbudget = {}\nfrom = {from}\nuntil = {until}",
                world.budget()
            );
        }
        if self.cap > 0 {
            let _ = writeln!(
                text,
                "[[scene.feed.rules]]\nname = \"shops\"\nrule = \"cap\"\nby = \"merchant\"\nmax = {}",
                self.cap
            );
        }
        text
    }
}
