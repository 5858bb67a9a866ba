//! Converts the text of a cell to the JSON value of a field.

use std::borrow::Cow;

use super::style::Style;
use super::times::Times;
use super::value::Cell;

/// The type of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Number(Style),
    Integer(Style),
    Bool,
    Time(Times),
}

impl Kind {
    /// Converts a text, which is not empty, or returns its fault.
    pub(super) fn read<'a>(&self, text: Cow<'a, str>) -> Result<Cell<'a>, String> {
        let bare = text.trim();
        let read = match self {
            Self::Text => return Ok(Cell::Text(text)),
            Self::Number(style) => style.read(bare).map(Cell::Number),
            Self::Integer(style) => style.whole(bare).map(Cell::Integer),
            Self::Bool => truth(bare).map(Cell::Bool),
            Self::Time(times) => times.cell(bare),
        };
        read.ok_or_else(|| format!("{bare:?} is not a {}", self.name()))
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number(_) => "finite number",
            Self::Integer(_) => "whole number",
            Self::Bool => "truth value (true or false)",
            Self::Time(_) => "time in this format",
        }
    }
}

/// Returns the text of a cell without the form ="text", by which spreadsheets are told that digits are no number.
pub(super) fn unwrapped(text: &str) -> &str {
    let inner = text
        .strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(format: &str) -> Kind {
        let offset = format.contains('%').then_some("+00:00");
        Kind::Time(Times::new(&[format], offset).unwrap())
    }

    #[test]
    fn each_type_reads_valid_text_only() {
        let day = Cell::Integer(1_483_228_800_000);
        for (kind, text, expected) in [
            (Kind::Text, " a ", Some(Cell::Text(" a ".into()))),
            (
                Kind::Number(Style::default()),
                " 1.5 ",
                Some(Cell::Number(1.5)),
            ),
            (Kind::Number(Style::default()), "inf", None),
            (Kind::Number(Style::default()), "1,5", None),
            (
                Kind::Integer(Style::default()),
                "-7",
                Some(Cell::Integer(-7)),
            ),
            (Kind::Integer(Style::default()), "7.0", None),
            (Kind::Bool, "Yes", Some(Cell::Bool(true))),
            (Kind::Bool, "2", None),
            (
                time("rfc3339"),
                "2017-01-01T01:00:00+01:00",
                Some(day.clone()),
            ),
            (time("epoch_s"), "1483228800", Some(day.clone())),
            (time("epoch_s"), "9223372036854775807", None),
            (time("epoch_ms"), "1483228800000", Some(day.clone())),
            (
                time("%Y-%m-%d %H:%M:%S"),
                "2017-01-01 00:00:00",
                Some(day.clone()),
            ),
            (time("%d/%m/%Y"), "01/01/2017", Some(day)),
            (time("%d/%m/%Y"), "31/02/2017", None),
            (
                time("%d/%m/%Y"),
                "31/12/1999",
                Some(Cell::Text("1999-12-31T00:00:00Z".into())),
            ),
            (
                time("epoch_ms"),
                "1483228800",
                Some(Cell::Integer(1_483_228_800)),
            ),
        ] {
            assert_eq!(kind.read(text.into()).ok(), expected, "{kind:?} {text}");
        }
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn numbers_survive_json(number in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
            let cell = Kind::Number(Style::default()).read(number.to_string().into()).unwrap();
            let json = serde_json::to_string(&cell).unwrap();
            let back: f64 = serde_json::from_str(&json).unwrap();
            prop_assert!((back - number).abs() <= (number.abs() * 1e-15).max(f64::MIN_POSITIVE));
        }

        #[test]
        fn no_text_causes_a_panic(text in "\\PC*") {
            for kind in [Kind::Text, Kind::Number(Style::default()), Kind::Integer(Style::default()), Kind::Bool, time("epoch_ms"), time("%Y%j")] {
                let _ = kind.read(text.as_str().into());
            }
        }
    }
}
