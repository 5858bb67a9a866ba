//! Counts the steps of loops, so that no expression runs long.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::signature::STEP;

/// Makes a loop count each step, where the crate evaluates it in every form of loop. Returns false for a form that is not known.
pub(super) fn counted(id: u64, looped: &mut ComprehensionExpr) -> bool {
    if !matches!(looped.loop_cond.expr, Expr::Literal(_)) {
        count(id, &mut looped.loop_cond);
        return true;
    }
    let Expr::Call(step) = &mut looped.loop_step.expr else {
        return false;
    };
    match (step.func_name.as_str(), step.args.as_mut_slice()) {
        (operators::CONDITIONAL, [guard, ..]) => count(id, guard),
        (operators::ADD, [_, added]) => {
            let Expr::List(list) = &mut added.expr else {
                return false;
            };
            let elements = list.elements.iter_mut();
            elements.for_each(|element| count(id, element));
        }
        _ => return false,
    }
    true
}

/// Makes a node count a step before it is evaluated.
fn count(id: u64, node: &mut IdedExpr) {
    let step = Expr::Ident(STEP.to_owned());
    let step = IdedExpr { id, expr: step };
    let null = Expr::Literal(LiteralValue::Null);
    let null = IdedExpr { id, expr: null };
    let counted = std::mem::take(node);
    *node = call(id, operators::CONDITIONAL, vec![step, counted, null]);
}

/// Returns the call of a function.
pub(super) fn call(id: u64, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    let (func_name, target) = (name.to_owned(), None);
    let expr = Expr::Call(CallExpr {
        func_name,
        target,
        args,
    });
    IdedExpr { id, expr }
}
