//! The numbers that requests give for predictions and the raw scores of models, hour by hour: whether too many lie outside of what their
//! normaliser tells apart.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::config::Generation;
use crate::model::Given;

/// Time after which the numbers are judged.
const HOUR: Duration = Duration::from_secs(3_600);
/// One in so many clipped numbers is too many: 5 %.
const TOO_MANY: u64 = 20;

/// The numbers of the present hour.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Hour>);

#[derive(Debug, Default)]
struct Hour {
    /// Generation of the configuration whose predictions are counted; 0 before the first request.
    generation: u64,
    begun: Option<Instant>,
    /// By prediction.
    counts: Vec<Given>,
    /// Those of the hour before; empty if there was none.
    before: Vec<Given>,
}

impl Numbers {
    /// Counts the numbers of a request. At the end of an hour, logs the predictions with too many clipped numbers.
    pub(super) fn note(&self, generation: &Generation, given: &[Given], now: Instant) {
        if given.is_empty() {
            return;
        }
        for (counts, name) in self
            .add(generation.number, given, now)
            .iter()
            .zip(generation.config.numbered())
        {
            if counts.clipped * TOO_MANY > counts.numbers {
                tracing::warn!(
                    prediction = name,
                    clipped = counts.clipped,
                    numbers = counts.numbers,
                    "in the last hour more than 5 % of the numbers of a prediction or model were clipped: its normaliser does not tell \
                     them apart; see [predictions] in the configuration"
                );
            }
        }
    }

    /// Returns the share of clipped numbers in the hour before, or so far if there was none, by prediction of a configuration.
    pub(super) fn shares(&self, generation: u64) -> Vec<f64> {
        let hour = self.0.lock();
        let counts = match &hour.before {
            _ if hour.generation != generation => &Vec::new(),
            none if none.is_empty() => &hour.counts,
            before => before,
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share needs no more than the digits of an f64"
        )]
        let share = |given: &Given| given.clipped as f64 / given.numbers.max(1) as f64;
        counts.iter().map(share).collect()
    }

    /// Counts the numbers of a request. Returns the counts of an hour that is over.
    fn add(&self, generation: u64, given: &[Given], now: Instant) -> Vec<Given> {
        let mut hour = self.0.lock();
        let begun = hour.begun.filter(|_| hour.generation == generation);
        let mut over = Vec::new();
        if begun.is_none_or(|begun| now.duration_since(begun) >= HOUR) {
            let counts = std::mem::replace(&mut hour.counts, vec![Given::default(); given.len()]);
            over = if begun.is_some() { counts } else { Vec::new() };
            hour.before.clone_from(&over);
            (hour.generation, hour.begun) = (generation, Some(now));
        }
        for (sum, given) in hour.counts.iter_mut().zip(given) {
            sum.numbers += given.numbers;
            sum.clipped += given.clipped;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(numbers: u64, clipped: u64) -> [Given; 1] {
        [Given { numbers, clipped }]
    }

    #[test]
    fn an_hour_ends_after_an_hour() {
        let (numbers, start) = (Numbers::default(), Instant::now());
        let at = |minutes: u64| start + Duration::from_secs(60 * minutes);
        assert!(numbers.add(1, &given(90, 1), at(0)).is_empty());
        assert!(numbers.add(1, &given(10, 5), at(59)).is_empty());
        assert_eq!(numbers.shares(1), [0.06]);
        assert_eq!(numbers.add(1, &given(7, 0), at(60)), given(100, 6));
        assert_eq!(numbers.shares(1), [0.06]);
        // A request whose clock was read earlier.
        assert!(numbers.add(1, &given(1, 0), at(58)).is_empty());
        assert_eq!(numbers.add(1, &given(2, 2), at(121)), given(8, 0));
        assert!(
            numbers.add(2, &given(1, 0), at(300)).is_empty(),
            "other predictions"
        );
        assert_eq!((numbers.shares(1), numbers.shares(2)), (vec![], vec![0.0]));
        assert_eq!(numbers.add(2, &given(1, 0), at(360)), given(1, 0));
    }
}
