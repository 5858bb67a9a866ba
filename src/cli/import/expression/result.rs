//! The result of an expression on one row.

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelNull, CelString};
use cel::common::value::Val;

use crate::cli::import::times::cell as time;
use crate::cli::import::value::Cell;
use crate::clock::Time;
use crate::expression::Type;

/// Whole numbers below this are written without a fraction.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// The result of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli::import) enum Outcome {
    /// Null: the field is not given.
    Nothing,
    Text(String),
    /// A number, a truth value or a time.
    Cell(Cell<'static>),
    List(Vec<Self>),
}

impl Outcome {
    /// Reads a result, which has the type `found` as far as it is known.
    pub(super) fn read(value: &dyn Val, found: &Type) -> Result<Self, String> {
        if let Some(text) = value.downcast_ref::<CelString<'_>>() {
            return Ok(Self::Text(text.inner().to_owned()));
        }
        if let Some(number) = value.downcast_ref::<CelDouble>() {
            return number_cell(*number.inner()).map(Self::Cell);
        }
        if let Some(whole) = value.downcast_ref::<CelInt>() {
            return match (found, Time::from_millis(*whole.inner())) {
                (Type::Time, Some(at)) => Ok(Self::Cell(time(at))),
                (Type::Time, None) => Err("the time is out of range".to_owned()),
                _ => Ok(Self::Cell(Cell::Integer(*whole.inner()))),
            };
        }
        if let Some(truth) = value.downcast_ref::<CelBool>() {
            return Ok(Self::Cell(Cell::Bool(*truth.inner())));
        }
        if value.downcast_ref::<CelNull>().is_some() {
            return Ok(Self::Nothing);
        }
        let Some(list) = value.downcast_ref::<CelList<'_>>() else {
            return Err(format!(
                "a {} is not the value of a field",
                value.get_type().name()
            ));
        };
        let element = if let Type::List(element) = found {
            element
        } else {
            &Type::Any
        };
        let elements = list
            .inner()
            .iter()
            .map(|value| Self::read(value.as_ref(), element));
        elements.collect::<Result<_, _>>().map(Self::List)
    }

    /// Reads the result of a condition.
    pub(super) fn truth(value: &dyn Val) -> Result<bool, String> {
        let truth = value.downcast_ref::<CelBool>();
        let fault = || format!("gives {}, not true or false", value.get_type().name());
        truth.map(|truth| *truth.inner()).ok_or_else(fault)
    }
}

fn number_cell(number: f64) -> Result<Cell<'static>, String> {
    if !number.is_finite() {
        return Err("the result is not a finite number".to_owned());
    }
    if number.fract() == 0.0 && number.abs() < WHOLE {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the number is whole and small enough"
        )]
        return Ok(Cell::Integer(number as i64));
    }
    Ok(Cell::Number(number))
}
