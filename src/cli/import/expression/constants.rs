//! The texts of an expression that are read once for a map: styles, formats and patterns.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use regex::RegexBuilder;

use super::functions::Constant;
use super::signature::{MATCHES, NUMBER, TIME};
use crate::cli::import::style::Style;
use crate::cli::import::times::Times;

/// Maximum size of a compiled pattern of `matches`.
const PATTERN_BYTES: usize = 1 << 20;
const STYLES: &str = "a style is one of \"1234.5\" \"1,234.5\" \"1 234.5\" \"1'234.5\" \"1234,5\" \"1.234,5\" \"1 234,5\" \"1'234,5\"";

/// Faults of a call: the node, and what is wrong there.
pub(super) type Faults = Vec<(u64, String)>;

/// Returns the function and the constant that a call to `number`, `time` or `matches` stands for. `None` for another function.
pub(super) fn constant(
    node: u64,
    call: &CallExpr,
    style: &Style,
) -> Option<Result<(&'static str, Constant), Faults>> {
    let place = call.args.get(1).map_or(node, |text| text.id);
    let one = |message: &str| vec![(place, message.to_owned())];
    let several = |found: Vec<String>| found.into_iter().map(|message| (place, message)).collect();
    Some(match call.func_name.as_str() {
        "number" => number(call, style)
            .map(|style| (NUMBER, style))
            .map_err(one),
        "time" => time(call).map(|times| (TIME, times)).map_err(several),
        "matches" => matches(call)
            .map(|pattern| (MATCHES, pattern))
            .map_err(|message| one(&message)),
        _ => return None,
    })
}

/// Returns the texts that follow the value of a function, if they are written in the map.
fn texts(call: &CallExpr) -> Option<Vec<&str>> {
    let (_, texts) = call.args.split_first()?;
    texts.iter().map(literal).collect()
}

fn number(call: &CallExpr, style: &Style) -> Result<Constant, &'static str> {
    let texts =
        texts(call).ok_or("number takes a value, and perhaps a style such as \"1.234,5\"")?;
    match texts.as_slice() {
        [] => Ok(Constant::Number(style.clone())),
        [sample] => Style::sample(sample, &style.currency)
            .map(Constant::Number)
            .ok_or(STYLES),
        _ => Err(STYLES),
    }
}

fn time(call: &CallExpr) -> Result<Constant, Vec<String>> {
    let (format, offset) = match texts(call).as_deref() {
        Some([format]) => (*format, None),
        Some([format, offset]) => (*format, Some(*offset)),
        _ => {
            let usage = "time takes a value, a format, and perhaps an offset, such as time(row.at, \"%F %T\", \"+08:00\")";
            return Err(vec![usage.to_owned()]);
        }
    };
    Times::new(&[format], offset).map(Constant::Time)
}

fn matches(call: &CallExpr) -> Result<Constant, String> {
    let texts = texts(call)
        .filter(|texts| texts.len() == 1)
        .unwrap_or_default();
    let Some(pattern) = texts.first() else {
        let usage = "matches takes a value and a pattern, such as row.sku.matches(\"^A[0-9]+$\")";
        return Err(usage.to_owned());
    };
    let read = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
    read.map(Constant::Pattern).map_err(|fault| {
        let fault = fault.to_string();
        let message = fault.lines().last().unwrap_or_default();
        message.trim_start_matches("error: ").to_owned()
    })
}

/// Returns a text that is written in the expression.
pub(super) fn literal(node: &IdedExpr) -> Option<&str> {
    if let Expr::Literal(LiteralValue::String(text)) = &node.expr {
        return Some(text.inner());
    }
    None
}
