//! The functions of expressions, and the values that they read once.

use std::any::Any;
use std::sync::{Arc, LazyLock};

use cel::common::types::{
    self, CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use regex::Regex;

use super::signature::{MATCHES, NUMBER, TIME};
use crate::cli::import::style::Style;
use crate::cli::import::times::Times;
use crate::expression::ADD;

/// Maximum size of a text or a list that `+` makes in a loop.
const JOINED: usize = 1 << 16;

/// A value that only our functions read: it is made once for a map.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    Number(Style),
    Time(Times),
    Pattern(Regex),
}

static CONSTANT: Type = Type::new_unspecified_type("constant");

impl Val for Constant {
    fn get_type(&self) -> &Type {
        &CONSTANT
    }

    fn cel_type() -> &'static Type {
        &CONSTANT
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Constant {}

/// The environment of all expressions, made once.
static ENVIRONMENT: LazyLock<Result<Arc<Env>, String>> =
    LazyLock::new(|| create().map_err(|fault| fault.to_string()));

/// Returns the environment of all expressions: the standard library of CEL, and our functions.
pub(super) fn environment() -> Result<Arc<Env>, String> {
    ENVIRONMENT.clone()
}

fn create() -> Result<Arc<Env>, DeclarationError> {
    use types::{DOUBLE_TYPE, DYN_TYPE, INT_TYPE, STRING_TYPE};
    let mut env = Env::stdlib();
    env.add_overload("lower", "lower_text", vec![STRING_TYPE], lower)?;
    env.add_overload("trim", "trim_text", vec![STRING_TYPE], trim)?;
    env.add_overload("split", "split_text", vec![STRING_TYPE, STRING_TYPE], split)?;
    env.add_overload("abs", "abs_double", vec![DOUBLE_TYPE], abs)?;
    env.add_overload("abs", "abs_int", vec![INT_TYPE], abs)?;
    env.add_overload("path", "path_map", vec![DYN_TYPE, STRING_TYPE], path)?;
    env.add_overload(ADD, "add_bounded", vec![DYN_TYPE, DYN_TYPE], add)?;
    for (name, function) in [
        (NUMBER, number as Function),
        (TIME, time),
        (MATCHES, matches),
    ] {
        env.add_overload(name, name, vec![DYN_TYPE, DYN_TYPE], function)?;
    }
    Ok(Arc::new(env))
}

type Function = cel::common::functions::Function;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

fn fault<T>(function: &str, message: impl ToString) -> Result<T, ExecutionError> {
    Err(ExecutionError::function_error(function, message))
}

/// Returns a text argument.
fn text<'a>(
    args: &'a [CowVal<'_, '_>],
    place: usize,
    function: &str,
) -> Result<&'a str, ExecutionError> {
    let value = args
        .get(place)
        .and_then(|value| value.downcast_ref::<CelString<'_>>());
    match value {
        Some(text) => Ok(text.inner()),
        None => fault(function, format!("argument {} is not a text", place + 1)),
    }
}

fn owned<'b, 'v>(text: impl Into<String>) -> CowVal<'b, 'v> {
    CowVal::owned(CelString::from(text.into()))
}

fn lower<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    Ok(owned(text(&args, 0, "lower")?.to_lowercase()))
}

fn trim<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    Ok(owned(text(&args, 0, "trim")?.trim()))
}

/// Splits a text into its trimmed parts that are not empty.
fn split<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (whole, mark) = (text(&args, 0, "split")?, text(&args, 1, "split")?);
    if mark.is_empty() {
        return fault("split", "the separator must not be empty");
    }
    let parts = whole
        .split(mark)
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let parts =
        parts.map(|part| -> Box<dyn Val + 'v> { Box::new(CelString::from(part.to_owned())) });
    Ok(CowVal::owned(CelList::from(parts.collect::<Vec<_>>())))
}

fn abs<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = args.first();
    if let Some(number) = value.and_then(|value| value.downcast_ref::<CelDouble>()) {
        return Ok(CowVal::owned(CelDouble::from(number.inner().abs())));
    }
    let whole = value.and_then(|value| value.downcast_ref::<CelInt>());
    match whole.and_then(|whole| whole.inner().checked_abs()) {
        Some(whole) => Ok(CowVal::owned(CelInt::from(whole))),
        None => fault("abs", "not a number"),
    }
}

/// Returns the member of a map at a dotted path, or null.
fn path<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let names = text(&args, 1, "path")?;
    let mut value: &(dyn Val + 'v) = match args.first() {
        Some(value) => value.as_ref(),
        None => return fault("path", "a map is missing"),
    };
    for name in names.split('.') {
        let map = value.downcast_ref::<CelMap<'_>>();
        let Some(found) = map.and_then(|map| map.inner().get(&CelMapKey::from(name))) else {
            return Ok(CowVal::owned(CelNull));
        };
        value = found.as_ref();
    }
    Ok(CowVal::Owned(value.clone_as_boxed()))
}

/// Adds in a loop, with a bound on the size of the sum.
fn add<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let [left, right] = args.as_slice() else {
        return fault("+", "two values are needed");
    };
    if size(left.as_ref()).saturating_add(size(right.as_ref())) > JOINED {
        return fault("+", format!("the sum is larger than {JOINED}"));
    }
    let Some(adder) = left.as_adder() else {
        return fault("+", "these values have no sum");
    };
    Ok(CowVal::Owned(adder.add(right.as_ref())?.into_owned()))
}

fn size(value: &dyn Val) -> usize {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return text.inner().len();
    }
    value
        .downcast_ref::<CelList<'_>>()
        .map_or(0, |list| list.inner().len())
}

/// Returns the number of a text in its style; a number is itself.
fn number<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let [value, style] = args.as_slice() else {
        return fault("number", "a value is missing");
    };
    if value.downcast_ref::<CelDouble>().is_some() {
        return Ok(value.clone());
    }
    if let Some(whole) = value.downcast_ref::<CelInt>() {
        return match whole.inner().to_string().parse::<f64>() {
            Ok(number) => Ok(CowVal::owned(CelDouble::from(number))),
            Err(message) => fault("number", message),
        };
    }
    let Some(Constant::Number(style)) = style.downcast_ref::<Constant>() else {
        return fault("number", "the style is missing");
    };
    let Some(text) = value.downcast_ref::<CelString<'_>>() else {
        return fault(
            "number",
            format!("{} is not a number", value.get_type().name()),
        );
    };
    let text = text.inner().trim();
    match style.read(text) {
        Some(number) => Ok(CowVal::owned(CelDouble::from(number))),
        None => fault("number", format!("{text:?} is not a finite number")),
    }
}

/// Returns the milliseconds of a time.
fn time<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let [value, times] = args.as_slice() else {
        return fault("time", "a value is missing");
    };
    let Some(Constant::Time(times)) = times.downcast_ref::<Constant>() else {
        return fault("time", "the format is missing");
    };
    let written = if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        text.inner().trim().to_owned()
    } else if let Some(number) = value.downcast_ref::<CelDouble>() {
        number.inner().to_string()
    } else if let Some(whole) = value.downcast_ref::<CelInt>() {
        whole.inner().to_string()
    } else {
        return fault("time", format!("{} is not a time", value.get_type().name()));
    };
    match times.certain(&written) {
        Some(time) => Ok(CowVal::owned(CelInt::from(time.millis()))),
        None => fault("time", format!("{written:?} is not a time in this format")),
    }
}

fn matches<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let pattern = args
        .get(1)
        .and_then(|value| value.downcast_ref::<Constant>());
    let Some(Constant::Pattern(pattern)) = pattern else {
        return fault("matches", "the pattern is missing");
    };
    Ok(CowVal::owned(CelBool::from(
        pattern.is_match(text(&args, 0, "matches")?),
    )))
}
