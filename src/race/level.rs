//! Level: the rank of a runner's sales among the sellers of its lane.
//!
//! L = (less + ½·equal) / n, the mid-rank percentile of the trusted mean weekly GMV: equal sellers have equal levels, and the only seller
//! of a lane has ½. It is a percentile and not the amount itself, since typical amounts differ between lanes by orders of magnitude.

/// The sorted figures of a lane's sellers.
#[derive(Debug)]
pub(super) struct Sellers(Vec<f64>);

impl Sellers {
    /// Creates the sellers with those figures, given in any order.
    pub(super) fn new(figures: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self(sorted)
    }

    /// Returns the number of sellers.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the mid-rank percentile of a figure, in [0, 1]; 0 without sellers.
    pub(super) fn level(&self, figure: f64) -> f64 {
        let less = self.0.partition_point(|other| *other < figure);
        let not_more = self.0.partition_point(|other| *other <= figure);
        let middle = (less + not_more) as f64 / 2.0;
        middle / (self.0.len().max(1)) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sellers_share_the_middle_rank() {
        let sellers = Sellers::new([1.0, 2.0, 2.0, 3.0].into_iter());
        for (figure, level) in [
            (1.0, 0.125),
            (2.0, 0.5),
            (3.0, 0.875),
            (0.0, 0.0),
            (4.0, 1.0),
        ] {
            assert!((sellers.level(figure) - level).abs() < 1e-12, "{figure}");
        }
        let (one, none) = (
            Sellers::new([7.0].into_iter()),
            Sellers::new([].into_iter()),
        );
        assert!((one.level(7.0) - 0.5).abs() < 1e-12);
        assert!(none.level(7.0).abs() < 1e-12);
    }
}
