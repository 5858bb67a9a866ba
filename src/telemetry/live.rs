//! Metrics of what the live configuration names, such as scenes, found by the values of their labels without a lock.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::{Equivalent, HashMap};

/// The metrics of each combination of `N` names that is exported.
#[derive(Debug)]
pub(super) struct LiveNames<T, const N: usize>(ArcSwap<HashMap<[String; N], Arc<T>>>);

/// Borrowed names, as a key.
#[derive(Hash)]
struct Names<'a, const N: usize>([&'a str; N]);

impl<const N: usize> Equivalent<[String; N]> for Names<'_, N> {
    fn equivalent(&self, key: &[String; N]) -> bool {
        self.0 == *key
    }
}

impl<T, const N: usize> Default for LiveNames<T, N> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T, const N: usize> LiveNames<T, N> {
    /// Returns the metrics of some names, made at their first call.
    pub(super) fn of(&self, names: [&str; N], make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.0.load().get(&Names(names)) {
            return Arc::clone(known);
        }
        let made = Arc::new(make());
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(names.map(str::to_owned), Arc::clone(&made));
            known
        });
        made
    }

    /// Forgets the names for which `is_live` does not hold, and passes each to `remove`.
    pub(super) fn retain(
        &self,
        is_live: impl Fn([&str; N]) -> bool,
        remove: impl FnMut([&str; N]),
    ) {
        let borrowed = |names: &[String; N]| is_live(names.each_ref().map(String::as_str));
        let known = self.0.load_full();
        let gone: Vec<_> = known.keys().filter(|names| !borrowed(names)).collect();
        if gone.is_empty() {
            return;
        }
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.retain(|names, _| borrowed(names));
            known
        });
        let gone = gone
            .iter()
            .map(|names| names.each_ref().map(String::as_str));
        gone.for_each(remove);
    }
}
