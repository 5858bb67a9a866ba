//! The names of the scenes that the book knows by number.

use compact_str::CompactString;
use hashbrown::HashMap;

use super::day::SCENES;
use crate::id::SceneId;

/// Names by number, and numbers by name. Number 0 is [`SceneId::OTHER`], which has no name.
#[derive(Clone, Debug)]
pub(super) struct Scenes {
    /// Empty for a free number.
    names: Vec<CompactString>,
    numbers: HashMap<CompactString, SceneId, foldhash::fast::RandomState>,
}

impl Default for Scenes {
    fn default() -> Self {
        Self::of(vec![CompactString::default()])
    }
}

impl Scenes {
    /// Returns the scenes with these names by number.
    pub(super) fn of(mut names: Vec<CompactString>) -> Self {
        names.resize(names.len().clamp(1, SCENES), CompactString::default());
        names[0] = CompactString::default();
        let numbered = names.iter().zip(0..).filter(|(name, _)| !name.is_empty());
        let numbers = numbered.map(|(name, scene)| (name.clone(), SceneId(scene)));
        Self {
            numbers: numbers.collect(),
            names,
        }
    }

    /// Returns the names by number.
    pub(super) fn names(&self) -> &[CompactString] {
        &self.names
    }

    /// Returns the number of a scene.
    pub(super) fn find(&self, name: &str) -> Option<SceneId> {
        self.numbers.get(name).copied()
    }

    /// Returns the number of a scene, which gets one if it has none; [`SceneId::OTHER`] if no more are told apart.
    pub(super) fn intern(&mut self, name: &str) -> SceneId {
        if let Some(scene) = self.find(name) {
            return scene;
        }
        let mut free = self.names.iter().zip(0..).skip(1);
        let free = free.find(|(known, _)| known.is_empty());
        let place = free.map_or(self.names.len(), |(_, place)| place);
        let Some(scene) = u16::try_from(place).ok().filter(|_| place < SCENES) else {
            return SceneId::OTHER;
        };
        if name.is_empty() {
            return SceneId::OTHER;
        }
        self.names
            .resize(self.names.len().max(place + 1), CompactString::default());
        self.names[place] = name.into();
        self.numbers.insert(name.into(), SceneId(scene));
        SceneId(scene)
    }

    /// Returns the name of a scene; empty for [`SceneId::OTHER`].
    pub(super) fn name(&self, scene: SceneId) -> &str {
        self.names.get(scene.index()).map_or("", |name| name)
    }

    /// Frees the numbers of the scenes that nothing uses.
    pub(super) fn retain(&mut self, is_used: impl Fn(SceneId) -> bool) {
        for (name, scene) in self.names.iter_mut().zip(0..).skip(1) {
            if !name.is_empty() && !is_used(SceneId(scene)) {
                self.numbers.remove(name);
                *name = CompactString::default();
            }
        }
    }
}
