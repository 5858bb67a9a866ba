//! Assignment: the holdout, the part of a layer, and the place in an experiment.

use crate::config::{Experiment, Holdout, PARTS};
use crate::digest::Digest;

/// Number of cells of an arm. The users of a cell are counted together; the spread of the cells shows how sure a result is.
pub const CELLS: u32 = 1_000;

/// The place of a user in an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Part of 10,000, by which the arm is chosen.
    pub part: u32,
    /// The cell, below [`CELLS`].
    pub cell: u32,
    /// A number that tells the users of a cell apart.
    pub fingerprint: u32,
}

/// Returns whether a user is in no experiment.
#[must_use]
pub fn is_held(holdout: &Holdout, user: &str) -> bool {
    Digest::new(("holdout/", &holdout.salt), user).part(0, PARTS) < holdout.parts
}

/// Returns the part of a layer, below 10,000, that a user falls into.
#[must_use]
pub fn layer_part(layer: &str, user: &str) -> u32 {
    Digest::new(("layer/", layer), user).part(0, PARTS)
}

/// Returns the place of a user in an experiment, whether or not the user takes part.
#[must_use]
pub fn place(experiment: &str, user: &str) -> Place {
    let digest = Digest::new(("arm/", experiment), user);
    Place {
        part: digest.part(0, PARTS),
        cell: digest.part(1, CELLS),
        fingerprint: digest.word(2),
    }
}

/// Returns whether a user falls into the range of an experiment.
#[must_use]
pub fn is_in_range(experiment: &Experiment, user: &str) -> bool {
    experiment.has(|| layer_part(&experiment.layer, user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(more: &str) -> Config {
        let text = format!(
            "[scene.feed]\n[experiments]\nholdout = {{ share = 0.02, salt = \"2026h2\" }}\n[experiment.growth-up]\nlayer = \"ranking\"\n\
             range = [0.0, 0.7]\nprimary = \"gmv_per_user\"\nfind = 0.03\ncontrol = \"as-is\"\n[experiment.growth-up.arms]\n\
             as-is = {{ share = 0.5 }}\nmore = {{ share = 0.5 }}\n{more}"
        );
        Config::parse("test", &text).unwrap()
    }

    #[test]
    fn users_have_their_golden_places() {
        let config = config("");
        let experiment = config.experiments.named("growth-up").unwrap();
        assert_eq!(layer_part("ranking", "u-1001"), 6_564);
        assert!(is_in_range(experiment, "u-1001") && is_in_range(experiment, "用户1"));
        let at = place("growth-up", "u-1001");
        assert_eq!((at.part, at.cell), (9_790, 615));
        assert_eq!(experiment.arms[experiment.arm_of(at.part)].name, "more");
        let at = place("growth-up", "u-1002");
        assert_eq!(experiment.arms[experiment.arm_of(at.part)].name, "as-is");
        let mut holdout = config.experiments.holdout.clone().unwrap();
        assert!(!is_held(&holdout, "u-1001"));
        holdout.parts = 1_063;
        assert!(is_held(&holdout, "u-1001"));
    }

    /// Returns χ² of counts that should be equal.
    fn chi(counts: &[u32]) -> f64 {
        let total: u32 = counts.iter().sum();
        let expected = f64::from(total) / counts.iter().map(|_| 1.0).sum::<f64>();
        let each = counts
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected);
        each.sum()
    }

    #[test]
    fn assignment_is_uniform_and_independent() {
        // The 99.99 % points of χ² with 99 and 999 degrees of freedom.
        let (of_100, of_1_000) = (160.1, 1_174.0);
        let (mut arms, mut cells, mut both, mut layers) =
            ([0; 100], [0; 1_000], [0; 100], [0; 100]);
        for number in 0..1_000_000 {
            let id = format!("user-{number}");
            let at = place("one", &id);
            let (part, layer) = (at.part / 100, layer_part("ranking", &id));
            arms[part as usize] += 1;
            cells[at.cell as usize] += 1;
            both[(part / 10 * 10 + at.cell / 100) as usize] += 1;
            layers[(layer / 1_000 * 10 + part / 10) as usize] += 1;
        }
        for counts in [&arms, &both, &layers] {
            assert!(chi(counts) < of_100, "{}", chi(counts));
        }
        assert!(chi(&cells) < of_1_000, "{}", chi(&cells));
    }

    #[test]
    fn boundaries_follow_the_shares() {
        let thirds = "[experiment.b]\nlayer = \"other\"\nrange = [0.0, 1.0]\nprimary = \"ctr\"\nfind = 0.1\ncontrol = \"z\"\n\
                      [experiment.b.arms]\nz = { share = 0.3333 }\na = { share = 0.3334 }\nm = { share = 0.3333 }";
        let config = config(thirds);
        let experiment = config.experiments.named("b").unwrap();
        let arms = experiment
            .arms
            .iter()
            .map(|arm| (arm.name.as_str(), arm.end));
        let right = [("a", 3_334), ("m", 6_667), ("z", 10_000)];
        assert_eq!(arms.collect::<Vec<_>>(), right);
        let of = [0, 3_333, 3_334, 6_667, 9_999].map(|part| experiment.arm_of(part));
        assert_eq!(of, [0, 0, 1, 2, 2]);
    }
}
