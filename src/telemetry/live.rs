//! Metrics of what the live configuration names, such as scenes, found by name without a lock.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// The metrics of each name that is exported.
#[derive(Debug)]
pub(super) struct LiveNames<T>(ArcSwap<HashMap<String, Arc<T>>>);

impl<T> Default for LiveNames<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T> LiveNames<T> {
    /// Returns the metrics of a name, made at its first call.
    pub(super) fn of(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.0.load().get(name) {
            return Arc::clone(known);
        }
        let made = Arc::new(make());
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(name.to_owned(), Arc::clone(&made));
            known
        });
        made
    }

    /// Forgets the names for which `is_live` does not hold, and passes each to `remove`.
    pub(super) fn retain(&self, is_live: impl Fn(&str) -> bool, remove: impl FnMut(&str)) {
        let known = self.0.load_full();
        let gone: Vec<&str> = known
            .keys()
            .map(String::as_str)
            .filter(|name| !is_live(name))
            .collect();
        if gone.is_empty() {
            return;
        }
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.retain(|name, _| is_live(name));
            known
        });
        gone.into_iter().for_each(remove);
    }
}
