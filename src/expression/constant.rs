//! The constants of a condition: they own their texts.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::value::Value;

/// Returns the value of a literal.
pub(super) fn constant(node: &IdedExpr) -> Option<Value<'static>> {
    let Expr::Literal(literal) = &node.expr else {
        return None;
    };
    match literal {
        LiteralValue::Boolean(truth) => Some(Value::Bool(*truth.inner())),
        LiteralValue::Double(number) => Some(Value::Double(*number.inner())),
        LiteralValue::Int(whole) => Some(Value::Int(*whole.inner())),
        LiteralValue::String(text) => Some(Value::Text(text.inner().to_owned().into())),
        LiteralValue::Bytes(_) | LiteralValue::Null | LiteralValue::UInt(_) => None,
    }
}

/// Returns a text that is written in the expression.
pub(super) fn text(node: &IdedExpr) -> Option<&str> {
    if let Expr::Literal(LiteralValue::String(text)) = &node.expr {
        return Some(text.inner());
    }
    None
}
