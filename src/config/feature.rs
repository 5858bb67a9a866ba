//! The features that a model may read: figures of a candidate and of its request, each by name.

use crate::objective::{Needs, Objective, TABLE};

/// A figure that a model reads. If it is missing, it is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// The value of an objective: `affinity.item`. Missing without data, where a scene would take the neutral value.
    Value(Objective),
    /// The raw figure of an objective: `affinity.item.raw`.
    Raw(Objective),
    /// The hour of `as_of`, 0 to 23, in `race.utc_offset`: `hour`.
    Hour,
    /// The day of the week of `as_of`, 1 for Monday to 7: `weekday`.
    Weekday,
    /// Number of candidates of the request, repeats included: `candidates`.
    Candidates,
    /// Number of events of the user, 0 for an unknown one: `user.events`.
    UserEvents,
}

/// End of the name of a raw figure.
const RAW: &str = ".raw";

/// The features besides those of objectives.
const OTHERS: [(&str, Feature); 4] = [
    ("hour", Feature::Hour),
    ("weekday", Feature::Weekday),
    ("candidates", Feature::Candidates),
    ("user.events", Feature::UserEvents),
];

impl Feature {
    /// Returns every feature: two of each objective in the order of the table, then the others.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = TABLE.iter().map(|row| row.objective);
        let own = own.flat_map(|own| [Self::Value(own), Self::Raw(own)]);
        own.chain(OTHERS.into_iter().map(|(_, feature)| feature))
    }

    /// Returns the parts of the profile that all of them together read.
    #[must_use]
    pub fn all_needs() -> Needs {
        Self::all().fold(Needs::NOTHING, |needs, it| needs.and(it.needs()))
    }

    /// Returns the feature with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let other = OTHERS.iter().find(|(known, _)| *known == name);
        other.map(|(_, feature)| *feature).or_else(|| {
            let raw = name.strip_suffix(RAW).and_then(Objective::named);
            raw.map(Self::Raw)
                .or_else(|| Objective::named(name).map(Self::Value))
        })
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Value(own) => own.row().name.to_owned(),
            Self::Raw(own) => own.row().name.to_owned() + RAW,
            Self::Hour | Self::Weekday | Self::Candidates | Self::UserEvents => {
                let other = OTHERS.iter().find(|(_, feature)| *feature == self);
                other.map_or_else(String::new, |(name, _)| (*name).to_owned())
            }
        }
    }

    /// Returns the objective that it is a figure of.
    #[must_use]
    pub const fn objective(self) -> Option<Objective> {
        match self {
            Self::Value(own) | Self::Raw(own) => Some(own),
            Self::Hour | Self::Weekday | Self::Candidates | Self::UserEvents => None,
        }
    }

    /// Returns the parts of the profile that it reads.
    #[must_use]
    pub fn needs(self) -> Needs {
        let own = self.objective().map(|own| own.row().needs);
        own.unwrap_or(Needs::NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_its_name() {
        let all: Vec<Feature> = Feature::all().collect();
        assert_eq!(all.len(), 2 * TABLE.len() + OTHERS.len());
        for feature in all {
            assert_eq!(Feature::named(&feature.name()), Some(feature));
        }
        assert_eq!(Feature::named("hour.raw"), None);
        assert_eq!(Feature::named("affinity.item.raw.raw"), None);
    }
}
