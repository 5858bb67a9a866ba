//! Types of metrics, and the macro that declares a group of them.

use std::array;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Index;
use std::sync::atomic::AtomicU64;

use parking_lot::RwLock;
use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A gauge of unsigned integers.
pub type Count = Gauge<u64, AtomicU64>;
/// A gauge of floating-point numbers.
pub type Figure = Gauge<f64, AtomicU64>;

/// Alias for the traits that [`Registry::register`] requires of a metric.
pub(super) trait Metric:
    TypedMetric + EncodeMetric + Clone + Debug + Default + Send + Sync + 'static
{
}

impl<M> Metric for M where
    M: TypedMetric + EncodeMetric + Clone + Debug + Default + Send + Sync + 'static
{
}

/// A metric, or a family of metrics, that can be registered.
pub(super) trait Declare {
    /// The names of the labels, and for [`Each`] also their values.
    type Labels;

    /// Creates a metric and registers it under a name and a help text.
    fn declare(to: &mut Registry, name: &str, labels: Self::Labels, help: &str) -> Self;
}

impl<M: Metric> Declare for M {
    type Labels = ();

    fn declare(to: &mut Registry, name: &str, (): (), help: &str) -> Self {
        let metric = M::default();
        to.register(name, help, metric.clone());
        metric
    }
}

/// A family of metrics with `N` labels, whose values are not known in advance.
#[derive(Debug)]
pub struct Labelled<M, const N: usize> {
    keys: [&'static str; N],
    family: Family<[(&'static str, String); N], M>,
}

#[expect(
    private_bounds,
    reason = "the trait only abbreviates what the registry needs"
)]
impl<M: Metric, const N: usize> Labelled<M, N> {
    /// Returns the metric with these values of the labels, in the order of the labels. Takes a lock, so keep the result.
    #[must_use]
    pub fn with(&self, values: [&str; N]) -> M {
        let labels = array::from_fn(|label| (self.keys[label], values[label].to_owned()));
        self.family.get_or_create_owned(&labels)
    }

    /// Removes the metric with these values of the labels.
    pub(super) fn remove(&self, values: [&str; N]) {
        let labels = array::from_fn(|label| (self.keys[label], values[label].to_owned()));
        self.family.remove(&labels);
    }
}

impl<M: Metric, const N: usize> Declare for Labelled<M, N> {
    type Labels = [&'static str; N];

    fn declare(to: &mut Registry, name: &str, keys: Self::Labels, help: &str) -> Self {
        let family = Family::default();
        to.register(name, help, family.clone());
        Self { keys, family }
    }
}

/// A family of metrics with one label, of which `N` values are known. These are read without a lock and exported from the start.
#[derive(Debug)]
pub struct Each<M, const N: usize> {
    known: [M; N],
    all: Labelled<M, 1>,
    /// Values that are exported beside the known ones.
    others: RwLock<BTreeSet<String>>,
}

#[expect(
    private_bounds,
    reason = "the trait only abbreviates what the registry needs"
)]
impl<M: Metric, const N: usize> Each<M, N> {
    /// Returns the metric of a value that is not among the known ones. Takes a lock, so keep the result.
    #[must_use]
    pub fn other(&self, value: &str) -> M {
        let is_new = !self.others.read().contains(value);
        if is_new {
            self.others.write().insert(value.to_owned());
        }
        self.all.with([value])
    }

    /// Removes the metrics of values beside the known ones for which `is_live` does not hold.
    pub(super) fn retain(&self, is_live: impl Fn(&str) -> bool) {
        self.others.write().retain(|value| {
            let is_live = is_live(value);
            if !is_live {
                self.all.remove([value]);
            }
            is_live
        });
    }
}

impl<M, const N: usize> Index<usize> for Each<M, N> {
    type Output = M;

    /// Returns the metric of the known value with this index.
    fn index(&self, index: usize) -> &M {
        &self.known[index]
    }
}

impl<M: Metric, const N: usize> Declare for Each<M, N> {
    type Labels = (&'static str, [&'static str; N]);

    fn declare(to: &mut Registry, name: &str, (key, values): Self::Labels, help: &str) -> Self {
        let all = Labelled::declare(to, name, [key], help);
        Self {
            known: values.map(|value| all.with([value])),
            all,
            others: RwLock::default(),
        }
    }
}

/// Declares a group of metrics. A row is `field: Type = "name" by labels, "help";`. The labels are the names for [`Labelled`], and
/// `(name, values)` for [`Each`]; a plain metric has no `by labels`. The help text is also the doc of the field.
macro_rules! metrics {
    ($(#[$doc:meta])* $group:ident {
        $($visible:vis $field:ident: $kind:ty = $name:literal $(by $labels:expr)?, $help:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $group {
            $(#[doc = concat!($help, ".")] $visible $field: $kind,)*
        }

        impl $group {
            /// Registers the group.
            pub(super) fn declare(to: &mut prometheus_client::registry::Registry) -> Self {
                Self {
                    $($field: $crate::telemetry::metric::Declare::declare(
                        to,
                        $name,
                        $crate::telemetry::metric::metrics!(@labels $($labels)?),
                        $help,
                    ),)*
                }
            }
        }
    };
    (@labels) => { () };
    (@labels $labels:expr) => { $labels };
}
pub(super) use metrics;

/// Raises a counter to a total that is counted elsewhere. Calls for one counter must not overlap.
pub fn raise(counter: &Counter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
