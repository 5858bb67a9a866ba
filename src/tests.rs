//! Settings of the property tests.

use proptest::test_runner::{Config, FileFailurePersistence};

/// Returns a configuration with a number of cases, which keeps failures under `tests/`.
pub(crate) fn cases(cases: u32) -> Config {
    let kept = FileFailurePersistence::SourceParallel("tests/proptest-regressions");
    Config {
        cases,
        failure_persistence: Some(Box::new(kept)),
        ..Config::default()
    }
}
