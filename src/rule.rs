//! The table of rules. Metrics, explain, the OpenAPI document and the guide's table follow from it.
//!
//! A rule acts on the slate; it never changes a score. To add a rule: a variant and a row of [`TABLE`], one file in
//! `rank/slate/` with its pure function, and an arm in `rank/slate.rs` that calls it. The compiler and the tests name the places
//! that are missing.

/// A rule; its discriminant is its row in [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rule {
    /// The item is declared unavailable.
    Unavailable,
    /// The item's merchant was deleted.
    Removed,
    /// The item's merchant is declared unavailable.
    MerchantUnavailable,
}

/// The effect of a rule on candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Removes candidates before they are scored.
    Hides,
    /// Moves candidates up.
    Lifts,
    /// Moves candidates up or down.
    Moves,
    /// Keeps places free for some candidates.
    Reserves,
}

impl Effect {
    /// Name in the docs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hides => "hides",
            Self::Lifts => "lifts",
            Self::Moves => "moves",
            Self::Reserves => "reserves",
        }
    }
}

/// A number that a rule is set by.
#[derive(Debug)]
pub struct Parameter {
    /// Name in the config.
    pub name: &'static str,
    /// Least and greatest valid value.
    pub range: (f64, f64),
    /// Value in the embedded config.
    pub default: f64,
    /// Meaning and unit.
    pub doc: &'static str,
}

/// One row of the table of rules.
#[derive(Debug)]
pub struct Row {
    /// The rule.
    pub rule: Rule,
    /// Name in explain, metrics and docs.
    pub name: &'static str,
    /// Effect of the rule.
    pub effect: Effect,
    /// Parameters of the rule.
    pub parameters: &'static [Parameter],
    /// Candidates that the rule acts on, for the docs.
    pub doc: &'static str,
}

/// Every rule, in the order in which they act.
pub const TABLE: &[Row] = &[
    Row {
        rule: Rule::Unavailable,
        name: "unavailable",
        effect: Effect::Hides,
        parameters: &[],
        doc: "items declared with `available: false`",
    },
    Row {
        rule: Rule::Removed,
        name: "removed",
        effect: Effect::Hides,
        parameters: &[],
        doc: "items of a deleted merchant, until they are declared with another one or the merchant is declared again",
    },
    Row {
        rule: Rule::MerchantUnavailable,
        name: "merchant_unavailable",
        effect: Effect::Hides,
        parameters: &[],
        doc: "items of a merchant declared with `available: false`",
    },
];

/// Number of rules.
pub const RULES: usize = TABLE.len();

/// Returns the names of the rules, by [`Rule`].
#[must_use]
pub fn names() -> [&'static str; RULES] {
    std::array::from_fn(|place| TABLE[place].name)
}

impl Rule {
    /// Returns the rule's row in [`TABLE`].
    #[must_use]
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(row: &Row) -> String {
        let parameters = row.parameters.iter().map(|parameter| {
            let (least, most) = parameter.range;
            format!(
                "`{}`, {least} to {most}, default {}: {}",
                parameter.name, parameter.default, parameter.doc
            )
        });
        let parameters: Vec<String> = parameters.collect();
        let effect = row.effect.name();
        format!(
            "| {} | {effect} | {} | {} |",
            row.name,
            row.doc,
            parameters.join("; ")
        )
        .replace("|  |", "| |")
    }

    #[test]
    fn the_guide_shows_every_rule() {
        let guide = include_str!("docs/scoring.md");
        let mut parts = guide.split("<!-- rules -->").skip(1);
        let table = parts.next().unwrap().split("<!-- /rules -->").next();
        let rows = table.unwrap().lines().filter(|line| line.starts_with('|'));
        let shown: Vec<&str> = rows.skip(2).collect();
        assert_eq!(shown, TABLE.iter().map(line).collect::<Vec<_>>());
    }

    #[test]
    fn each_rule_is_its_own_row() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.rule as usize, place, "{}", row.name);
            for parameter in row.parameters {
                let (least, most) = parameter.range;
                assert!((least..=most).contains(&parameter.default));
            }
        }
    }
}
