//! The types of sums, products and comparisons.

use super::types::Type;

/// Returns the type of `left sign right`, or why it has none; `text` is the hint for a text.
pub(super) fn arithmetic(
    sign: &str,
    left: &Type,
    right: &Type,
    text: &'static str,
) -> Result<Type, String> {
    let adds = sign == "+";
    match (left, right) {
        (Type::Int, Type::Int) => Ok(Type::Int),
        (Type::Double, Type::Double) if sign != "%" => Ok(Type::Double),
        (Type::Time, Type::Int) if adds || sign == "-" => Ok(Type::Time),
        (Type::Time, Type::Time) if sign == "-" => Ok(Type::Int),
        (Type::Text, Type::Text) if adds => Ok(Type::Text),
        (Type::List(_), Type::List(_)) if adds => Ok(left.clone().or(right.clone())),
        (Type::Json, Type::Int) | (Type::Int, Type::Json) => Err(format!(
            "{sign}: numbers of JSON are doubles; write 2.0 instead of 2"
        )),
        (Type::Int, Type::Double) | (Type::Double, Type::Int) => Err(format!(
            "{sign} takes two numbers of one type; write 2.0 instead of 2, or double(…)"
        )),
        (one, other) if one.is_open() && other.is_open() => Ok(one.clone().or(other.clone())),
        (one, other) | (other, one) if one.is_open() && other.has(sign) => Ok(other.clone()),
        _ => {
            let hint = hint(left, right, text);
            Err(format!("{left} {sign} {right} has no value{hint}"))
        }
    }
}

/// Returns the hint `text` if one of both is a text.
pub(super) fn hint(left: &Type, right: &Type, text: &'static str) -> &'static str {
    if *left == Type::Text || *right == Type::Text {
        return text;
    }
    ""
}
