//! Lanes: the groups within which runners are compared, by name.

use compact_str::CompactString;
use hashbrown::HashMap;

/// The number of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct LaneId(pub u32);

impl LaneId {
    /// No lane of its own: the runner races among all runners of its kind.
    pub const NONE: Self = Self(u32::MAX);

    /// Returns the position of this lane in a column.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Minimum number of runners with a sale in a lane; a smaller lane is replaced by all runners of the kind.
pub(super) const ENOUGH: usize = 30;

/// The names of the lanes.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    names: Vec<CompactString>,
    numbers: HashMap<CompactString, LaneId, foldhash::fast::RandomState>,
}

impl Lanes {
    /// Returns the lane with that name; adds it if there is none.
    pub fn intern(&mut self, name: &str) -> LaneId {
        if let Some(lane) = self.numbers.get(name) {
            return *lane;
        }
        let lane = LaneId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.into());
        self.numbers.insert(name.into(), lane);
        lane
    }

    /// Returns the lane with that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<LaneId> {
        self.numbers.get(name).copied()
    }

    /// Returns the name of a lane; `None` for [`LaneId::NONE`].
    #[must_use]
    pub fn name(&self, lane: LaneId) -> Option<&str> {
        self.names.get(lane.index()).map(CompactString::as_str)
    }

    /// Returns the number of lanes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns true if there are no lanes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
