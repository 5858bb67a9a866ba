//! The table of objectives. Config keys, the blend, explain, metrics, the OpenAPI document and the guide's table follow from it.
//!
//! `docs/contributing.md` lists the steps that add an objective. The compiler and the tests name the places that are missing.

/// An objective that Saima computes itself; its discriminant is its row in [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Objective {
    /// Cosine of the user's and the item's tags.
    AffinityTags,
    /// The user's history with the item itself.
    AffinityItem,
    /// The chance that the user buys the item again.
    AffinityRepeat,
    /// The user's history with the item's merchant.
    AffinityMerchant,
    /// The user's history with the item's creator.
    AffinityCreator,
    /// The merchant's level in its lane.
    RaceLevel,
    /// The merchant's growth in its lane.
    RaceGrowth,
    /// The item's buyers in the last 28 days.
    ItemLevel,
    /// The item's growth in its lane.
    ItemGrowth,
    /// How much more the item sells in these days than usual.
    ItemTrend,
    /// The level of the item's creator among all creators.
    CreatorLevel,
    /// The usual amount of one order of the item, for a user who bought it of the user's orders too.
    OrderValue,
    /// The age of the listing.
    Freshness,
    /// The declared quality.
    Quality,
    /// The declared long-term value.
    LongTermValue,
    /// Clicks on the item by those who see it.
    ItemAppeal,
    /// Clicks on the merchant by those who see it.
    MerchantAppeal,
    /// Buyers of the item among those who click on it.
    ItemConversion,
    /// Whether the merchant wants its traffic from this user.
    Goal,
    /// How well the item's texts fit the search query.
    Text,
    /// How near the item is to the place of the request.
    Proximity,
    /// The user's taste for the kind of the item.
    Format,
}

/// The parts of a user's profile that an objective reads through `Taste`, and of the request, as a set of bits. Ranking prepares no other
/// part. An objective that reads a figure by the row of the user needs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs(u8);

impl Needs {
    /// No part.
    pub const NOTHING: Self = Self(0);
    /// The user's tag weights.
    pub const TAGS: Self = Self(1);
    /// The user's histories with items and merchants.
    pub const HISTORY: Self = Self(2);
    /// The user's histories with creators.
    pub const CREATORS: Self = Self(4);

    /// The user's histories with kinds of items.
    pub const KINDS: Self = Self(16);
    /// The search query of the request.
    pub const QUERY: Self = Self(64);
    /// The place of the request.
    pub const PLACE: Self = Self(32);
    /// What the user bought, by item.
    pub const BOUGHT: Self = Self(8);

    /// Returns the union of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns this set if a condition holds, else no part.
    #[must_use]
    pub const fn only_if(self, condition: bool) -> Self {
        if condition { self } else { Self::NOTHING }
    }

    /// Returns whether every bit of `other` is in this set.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A set of objectives, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objectives(u32);

const _: () = assert!(OBJECTIVES <= 32, "a set has a bit for each");

impl Objectives {
    /// Returns whether an objective is in the set.
    #[must_use]
    pub const fn has(self, objective: Objective) -> bool {
        self.0 >> objective as u8 & 1 == 1
    }

    /// Returns the objectives of the set, in the table's order.
    pub fn iter(self) -> impl Iterator<Item = Objective> {
        let all = TABLE.iter().map(|row| row.objective);
        all.filter(move |objective| self.has(*objective))
    }
}

impl FromIterator<Objective> for Objectives {
    fn from_iter<I: IntoIterator<Item = Objective>>(objectives: I) -> Self {
        let each = objectives.into_iter();
        Self(each.fold(0, |set, objective| set | 1 << objective as u8))
    }
}

impl FromIterator<Self> for Objectives {
    fn from_iter<I: IntoIterator<Item = Self>>(sets: I) -> Self {
        let each = sets.into_iter();
        Self(each.fold(0, |union, set| union | set.0))
    }
}

/// One row of the table of objectives.
#[derive(Debug)]
pub struct Row {
    /// The objective.
    pub objective: Objective,
    /// Name in the config, explain, metrics and docs.
    pub name: &'static str,
    /// Value if the data is missing, in [0, 1].
    pub neutral: f32,
    /// Weight in the scene `default` of the embedded config.
    pub default_weight: f64,
    /// Parts of the profile that it reads.
    pub needs: Needs,
    /// Meaning of the raw figure, for explain and the docs.
    pub raw: &'static str,
    /// Formula from the raw figure to the value, for the docs.
    pub value: &'static str,
}

/// Every objective, in the order in which explain lists them.
pub const TABLE: &[Row] = &[
    Row {
        objective: Objective::AffinityTags,
        name: "affinity.tags",
        neutral: 0.0,
        default_weight: 0.20,
        needs: Needs::TAGS,
        raw: "cosine of the user's and the item's tag weights, each × idf",
        value: "the cosine, below 0: 0",
    },
    Row {
        objective: Objective::AffinityItem,
        name: "affinity.item",
        neutral: 0.0,
        default_weight: 0.15,
        needs: Needs::HISTORY,
        raw: "the user's decayed history with this item",
        value: "log scale",
    },
    Row {
        objective: Objective::AffinityRepeat,
        name: "affinity.repeat",
        neutral: 0.0,
        default_weight: 0.15,
        needs: Needs::BOUGHT,
        raw: "P: the chance that the user buys the item again within 14 days",
        value: "ln(1 + P/0.01)/ln(101)",
    },
    Row {
        objective: Objective::AffinityMerchant,
        name: "affinity.merchant",
        neutral: 0.0,
        default_weight: 0.10,
        needs: Needs::HISTORY,
        raw: "the user's decayed history with the merchant, and the bond of a follower",
        value: "log scale",
    },
    Row {
        objective: Objective::AffinityCreator,
        name: "affinity.creator",
        neutral: 0.0,
        default_weight: 0.0,
        needs: Needs::CREATORS,
        raw: "the user's decayed history with the item's creator, and the bond of a follower",
        value: "log scale",
    },
    Row {
        objective: Objective::RaceLevel,
        name: "race.level",
        neutral: 0.0,
        default_weight: 0.12,
        needs: Needs::NOTHING,
        raw: "the merchant's trusted mean weekly GMV",
        value: "mid-rank percentile within the lane",
    },
    Row {
        objective: Objective::RaceGrowth,
        name: "race.growth",
        neutral: 0.0,
        default_weight: 0.08,
        needs: Needs::NOTHING,
        raw: "lower bound of the merchant's weekly log growth, 90 % sure",
        value: "1 − exp(−max(0, lower)/0.15)",
    },
    Row {
        objective: Objective::ItemLevel,
        name: "item.level",
        neutral: 0.0,
        default_weight: 0.10,
        needs: Needs::NOTHING,
        raw: "the item's effective buyers in the last 28 complete days",
        value: "log scale",
    },
    Row {
        objective: Objective::ItemGrowth,
        name: "item.growth",
        neutral: 0.0,
        default_weight: 0.04,
        needs: Needs::NOTHING,
        raw: "lower bound of the item's weekly log growth, 90 % sure",
        value: "1 − exp(−max(0, lower)/0.15)",
    },
    Row {
        objective: Objective::ItemTrend,
        name: "item.trend",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "ln((10·s + 4)/(l + 4)), s and l: purchases that fade with half-lives of 3 and 30 days, one a buyer and day",
        value: "½ + ¼ · raw, within 0 and 1",
    },
    Row {
        objective: Objective::CreatorLevel,
        name: "creator.level",
        neutral: 0.0,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "the creator's trusted mean weekly GMV",
        value: "mid-rank percentile among all creators",
    },
    Row {
        objective: Objective::OrderValue,
        name: "order_value",
        neutral: 0.5,
        default_weight: 0.04,
        needs: Needs::BOUGHT,
        raw: "m: median amount of the window's purchases, else the listed price; for a user who spent S on n purchases of it (S + 3·m)/(n + 3)",
        value: "log scale",
    },
    Row {
        objective: Objective::Freshness,
        name: "freshness",
        neutral: 0.5,
        default_weight: 0.02,
        needs: Needs::NOTHING,
        raw: "days since `listed_at`",
        value: "2^(−age / half-life)",
    },
    Row {
        objective: Objective::Quality,
        name: "quality",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "as declared",
        value: "as declared",
    },
    Row {
        objective: Objective::LongTermValue,
        name: "long_term_value",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "as declared",
        value: "as declared",
    },
    Row {
        objective: Objective::ItemAppeal,
        name: "item.appeal",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "r: clickers of the item for each weighted exposure, over the usual rate of its lane",
        value: "r/(1 + r)",
    },
    Row {
        objective: Objective::MerchantAppeal,
        name: "merchant.appeal",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "the same of the merchant",
        value: "r/(1 + r)",
    },
    Row {
        objective: Objective::ItemConversion,
        name: "item.conversion",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "r: buyers of the item for each clicker, over the usual rate of its lane",
        value: "r/(1 + r)",
    },
    Row {
        objective: Objective::Goal,
        name: "goal",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::NOTHING,
        raw: "1 if the goal of the merchant holds for the user, else 0; less the share of its exposures at which it held",
        value: "½ + ½ · raw",
    },
    Row {
        objective: Objective::Text,
        name: "text",
        neutral: 0.0,
        default_weight: 0.0,
        needs: Needs::QUERY,
        raw: "BM25F of the query over title, brand, category and tags",
        value: "raw / (2.2 · Σ idf of the query's words), at most 1; without a query 0",
    },
    Row {
        objective: Objective::Proximity,
        name: "proximity",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::PLACE,
        raw: "kilometres from the place of the request; without coordinates the value",
        value: "2^(−km / half_km); by regions 1, 0.6, 0.3, 0.1 or 0",
    },
    Row {
        objective: Objective::Format,
        name: "format",
        neutral: 0.5,
        default_weight: 0.0,
        needs: Needs::KINDS,
        raw: "r: the kind's share of the user's taste for kinds, over its share of all users'",
        value: "r/(1 + r)",
    },
];

/// Number of objectives.
pub const OBJECTIVES: usize = TABLE.len();

/// Returns the names of the objectives, by [`Objective`].
#[must_use]
pub fn names() -> [&'static str; OBJECTIVES] {
    std::array::from_fn(|place| TABLE[place].name)
}

impl Objective {
    /// Returns whether it reads the exposures.
    #[must_use]
    pub const fn is_appeal(self) -> bool {
        matches!(
            self,
            Self::ItemAppeal | Self::MerchantAppeal | Self::ItemConversion
        )
    }

    /// Returns the objective's row in [`TABLE`].
    #[must_use]
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Returns the objective with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.objective)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_shows_every_objective() {
        let guide = include_str!("docs/scoring.md");
        let shown = guide
            .split("<!-- objectives -->")
            .nth(1)
            .and_then(|rest| rest.split("<!-- /objectives -->").next());
        let shown: Vec<&str> = shown
            .unwrap()
            .lines()
            .filter(|line| line.starts_with('|'))
            .skip(2)
            .collect();
        let line = |row: &Row| {
            format!(
                "| {} | {} | {} | {} | {} |",
                row.name, row.raw, row.value, row.neutral, row.default_weight
            )
        };
        assert_eq!(shown, TABLE.iter().map(line).collect::<Vec<_>>());
    }

    #[test]
    fn each_objective_is_its_own_row() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.objective as usize, place, "{}", row.name);
            assert_eq!(Objective::named(row.name), Some(row.objective));
            assert!((0.0..=1.0).contains(&row.neutral));
        }
    }
}
