//! The table of rules. The keys of a scene's rules, metrics, explain, the OpenAPI document and the guide's table follow from it.
//!
//! A rule acts on the slate. Of all rules only `seen` may change an own; `boost` multiplies scores. To add a rule: a variant and a row of [`TABLE`],
//! a variant of `config::What` and its reader, and one file in `rank/slate/` with its pure function. The compiler and the tests name the
//! places that are missing.

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
    /// The item is in a selection that the scene hides.
    Hide,
    /// The item was shown to the user without a click.
    Seen,
    /// The item is in a selection whose scores the scene multiplies.
    Boost,
    /// The item has a fixed place.
    Pin,
    /// The place goes to the best of a pool.
    Slot,
    /// The place helps a runner that is behind its plan.
    Support,
    /// Few places in a row go to one merchant, category, creator or kind.
    Cap,
    /// Each further place of a merchant counts for less.
    Decay,
    /// What is alike stands apart.
    Mmr,
}

/// The group of items that a cap counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum By {
    /// Items of one merchant.
    Merchant,
    /// Items of one category.
    Category,
    /// Items of one creator.
    Creator,
    /// Items of one kind.
    Kind,
}

impl By {
    /// Every group, with its name in the config and in explain.
    pub const ALL: [(&'static str, Self); 4] = [
        ("merchant", Self::Merchant),
        ("category", Self::Category),
        ("creator", Self::Creator),
        ("kind", Self::Kind),
    ];

    /// Returns the name in the config and in explain.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// The effect of a rule on candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Removes candidates before they are scored.
    Hides,
    /// Multiplies scores.
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

/// The values that a parameter accepts.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A number from the first to the second.
    Number(f64, f64),
    /// A whole number from the first to the second.
    Whole(u32, u32),
    /// One of some names.
    OneOf(&'static [&'static str]),
    /// The name of a `[selection.*]`.
    Selection,
    /// The id of an item.
    Item,
    /// A list of ids of items.
    Items,
    /// A place, or a list of places, from 1 to the scene's `limit`.
    Places,
    /// Weights of objectives, as a scene has them.
    Weights,
    /// `true` or `false`.
    Flag,
}

impl std::fmt::Display for Form {
    /// Writes the form for the docs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(least, most) => write!(f, "number, {least} to {most}"),
            Self::Whole(least, most) => write!(f, "whole number, {least} to {most}"),
            Self::OneOf(names) => f.write_str(&names.join(" or ")),
            Self::Selection => f.write_str("name of a selection"),
            Self::Item => f.write_str("id"),
            Self::Items => f.write_str("list of ids"),
            Self::Places => f.write_str("places"),
            Self::Weights => f.write_str("weights"),
            Self::Flag => f.write_str("true or false"),
        }
    }
}

/// A key that a rule of a scene is set by.
#[derive(Debug)]
pub struct Parameter {
    /// Name in the config.
    pub name: &'static str,
    /// Valid values.
    pub form: Form,
    /// Value if the key is not set; `None` if there is none.
    pub default: Option<f64>,
    /// Meaning.
    pub doc: &'static str,
}

/// One row of the table of rules.
#[derive(Debug)]
pub struct Row {
    /// The rule.
    pub rule: Rule,
    /// Name in the config, explain, metrics and docs.
    pub name: &'static str,
    /// Effect of the rule.
    pub effect: Effect,
    /// True if scenes may have it; the others act by themselves.
    pub in_scenes: bool,
    /// Parameters of the rule in a scene, beside those of every rule.
    pub parameters: &'static [Parameter],
    /// Candidates that the rule acts on, for the docs.
    pub doc: &'static str,
}

impl Row {
    /// Returns a parameter by its name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|each| each.name == name)
    }
}

const fn always(rule: Rule, name: &'static str, effect: Effect, doc: &'static str) -> Row {
    Row {
        rule,
        name,
        effect,
        in_scenes: false,
        parameters: &[],
        doc,
    }
}

const fn of_scene(
    rule: Rule,
    name: &'static str,
    effect: Effect,
    parameters: &'static [Parameter],
    doc: &'static str,
) -> Row {
    Row {
        rule,
        name,
        effect,
        in_scenes: true,
        parameters,
        doc,
    }
}

const fn key(name: &'static str, form: Form, default: Option<f64>, doc: &'static str) -> Parameter {
    Parameter {
        name,
        form,
        default,
        doc,
    }
}

/// Largest count of places in a rule.
pub const MOST: u32 = 1_000_000;

/// Largest number of impressions of one item that a rule counts.
pub const MOST_SEEN: u32 = 16;

/// Largest number of days that impressions count for.
pub const MOST_DAYS: u32 = 84;

/// The key of a selection.
const SELECT: Parameter = key("select", Form::Selection, None, "the items");

/// Every rule, in the order in which they act.
pub const TABLE: &[Row] = &[
    always(
        Rule::Unavailable,
        "unavailable",
        Effect::Hides,
        "items declared with `available: false`",
    ),
    always(
        Rule::Removed,
        "removed",
        Effect::Hides,
        "items of a deleted merchant, until they are declared with another one or the merchant is declared again",
    ),
    always(
        Rule::MerchantUnavailable,
        "merchant_unavailable",
        Effect::Hides,
        "items of a merchant declared with `available: false`",
    ),
    of_scene(
        Rule::Hide,
        "hide",
        Effect::Hides,
        &[SELECT],
        "items of a selection",
    ),
    of_scene(
        Rule::Seen,
        "seen",
        Effect::Hides,
        &[
            key(
                "after",
                Form::Whole(1, MOST_SEEN),
                None,
                "number of impressions without a click since",
            ),
            key(
                "days",
                Form::Whole(1, MOST_DAYS),
                None,
                "days that they count for",
            ),
            key("then", Form::OneOf(&["hide"]), None, "the item is hidden"),
            key(
                "factor",
                Form::Number(0.0, 1.0),
                None,
                "factor of its own, instead of `then`",
            ),
        ],
        "items that the user was shown and did not click: they are hidden, or their own is multiplied",
    ),
    of_scene(
        Rule::Boost,
        "boost",
        Effect::Lifts,
        &[
            SELECT,
            key("factor", Form::Number(0.2, 3.0), None, "the factor"),
        ],
        "items of a selection: their score is multiplied",
    ),
    of_scene(
        Rule::Pin,
        "pin",
        Effect::Reserves,
        &[
            key("item", Form::Item, None, "the item"),
            key("place", Form::Places, None, "its place"),
        ],
        "one item, which gets a place of its own",
    ),
    of_scene(
        Rule::Slot,
        "slot",
        Effect::Reserves,
        &[
            key("places", Form::Places, None, "the places"),
            key("select", Form::Selection, None, "who may win"),
            key(
                "items",
                Form::Items,
                None,
                "who may win, instead of `select`",
            ),
            key("weights", Form::Weights, None, "the blend of the slot"),
            key(
                "score",
                Form::Flag,
                None,
                "true: the candidate's own, instead of `weights`",
            ),
            key(
                "min",
                Form::Number(0.0, 1.0),
                Some(0.5),
                "share of the own of the `limit`-th best that a winner needs",
            ),
        ],
        "the best of a pool, which wins the place",
    ),
    always(
        Rule::Support,
        "support",
        Effect::Reserves,
        "candidates of a runner that is behind the plan of its traffic target",
    ),
    of_scene(
        Rule::Cap,
        "cap",
        Effect::Moves,
        &[
            key(
                "by",
                Form::OneOf(&["merchant", "category", "creator", "kind"]),
                None,
                "what is counted together",
            ),
            key("max", Form::Whole(1, MOST), None, "most places"),
            key(
                "window",
                Form::Whole(1, MOST),
                None,
                "in so many places in a row; the page if it is not set",
            ),
        ],
        "candidates of a group that has its most places",
    ),
    of_scene(
        Rule::Decay,
        "decay",
        Effect::Moves,
        &[
            key("factor", Form::Number(0.0, 1.0), None, "d"),
            key("floor", Form::Number(0.0, 1.0), Some(0.0), "f"),
        ],
        "candidates whose merchant has k places on the page: they count (1 − f)·d^k + f of their score",
    ),
    of_scene(
        Rule::Mmr,
        "mmr",
        Effect::Moves,
        &[key("lambda", Form::Number(0.0, 1.0), None, "λ")],
        "the best 150 candidates: λ·score − (1 − λ)·largest cosine with what is placed",
    ),
];

/// Number of rules.
pub const RULES: usize = TABLE.len();

/// Returns the names of the rules, by [`Rule`].
#[must_use]
pub fn names() -> [&'static str; RULES] {
    std::array::from_fn(|place| TABLE[place].name)
}

/// Returns the rules that scenes may have, with their names.
pub fn of_scenes() -> impl Iterator<Item = (&'static str, Rule)> + Clone {
    let rows = TABLE.iter().filter(|row| row.in_scenes);
    rows.map(|row| (row.name, row.rule))
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
            let default = parameter
                .default
                .map(|default| format!(", default {default}"));
            let Parameter {
                name, form, doc, ..
            } = parameter;
            format!("`{name}` ({form}{}): {doc}", default.unwrap_or_default())
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
    fn each_group_is_its_own_row() {
        for (place, (name, by)) in By::ALL.into_iter().enumerate() {
            assert_eq!(by as usize, place);
            assert_eq!(by.name(), name);
        }
    }

    #[test]
    fn each_rule_is_its_own_row() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.rule as usize, place, "{}", row.name);
            for parameter in row.parameters {
                let Some(default) = parameter.default else {
                    continue;
                };
                let Form::Number(least, most) = parameter.form else {
                    panic!("{}.{} has a default", row.name, parameter.name);
                };
                assert!((least..=most).contains(&default));
            }
        }
    }
}
