//! Winsorising: caps a day's buyers at what its neighbours or its weekday make plausible.
//!
//! cap = m + 3·max(1.4826·MAD, √max(m, 1)), with the median m and the median absolute deviation MAD of (a) the three days before and
//! after and (b) the same weekday in the other weeks, without the day itself; the larger cap applies. This removes one-day spikes and
//! keeps weekends. Days outside the history are left out, so that a young runner is not compared with zeros. No cap is below 3, so days
//! of up to three buyers, which is nearly all days of nearly all runners, need no medians.

use super::median::median;
use super::window::WINDOW;

/// Number of neighbouring days before and after.
const NEAR: usize = 3;
/// Ratio of the standard deviation to the median absolute deviation of normal data.
const SIGMA: f64 = 1.4826;
/// Number of buyers that is never clipped: the cap around a median of 0.
pub(super) const NEVER_CLIPPED: f64 = 3.0;

/// Returns the winsorised buyers of one day of a history, given the buyers of each of its days. A day of [`NEVER_CLIPPED`] buyers or
/// fewer keeps them.
///
/// Never inlined, so that the medians take no registers from the loop over the other days.
#[inline(never)]
pub(super) fn winsorised(history: &[f64], day: usize) -> f64 {
    let buyers = history[day];
    match neighbours(history, day).max(same_weekday(history, day)) {
        Some(Cap(cap)) => buyers.min(cap),
        None => buyers,
    }
}

fn neighbours(history: &[f64], day: usize) -> Option<Cap> {
    let from = day.saturating_sub(NEAR);
    let to = (day + NEAR + 1).min(history.len());
    cap((from..to)
        .filter(|other| *other != day)
        .map(|other| history[other]))
}

fn same_weekday(history: &[f64], day: usize) -> Option<Cap> {
    let others = (day % 7..history.len()).step_by(7);
    cap(others
        .filter(|other| *other != day)
        .map(|other| history[other]))
}

/// A cap; ordered, with no cap below any cap.
#[derive(PartialEq)]
struct Cap(f64);

impl Eq for Cap {}

impl PartialOrd for Cap {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cap {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn cap(days: impl Iterator<Item = f64>) -> Option<Cap> {
    let mut buffer = [0.0; WINDOW / 7];
    let mut count = 0;
    for (slot, day) in buffer.iter_mut().zip(days) {
        *slot = day;
        count += 1;
    }
    let values = &mut buffer[..count];
    let middle = median(values)?;
    for value in values.iter_mut() {
        *value = (*value - middle).abs();
    }
    let deviation = SIGMA * median(values)?;
    Some(Cap(middle + 3.0 * deviation.max(middle.max(1.0).sqrt())))
}
