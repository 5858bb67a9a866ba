//! The depth of an expression.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// Returns the number of nodes on the longest way into an expression. It keeps its own stack, because the depth is not bounded yet.
pub(super) fn depth(tree: &IdedExpr) -> u16 {
    let (mut deepest, mut open) = (0, vec![(tree, 1_u16)]);
    while let Some((node, level)) = open.pop() {
        deepest = deepest.max(level);
        let below = level.saturating_add(1);
        parts(node, &mut |part| open.push((part, below)));
    }
    deepest
}

/// Calls `part` for each node right below a node.
pub(super) fn parts<'n>(node: &'n IdedExpr, part: &mut impl FnMut(&'n IdedExpr)) {
    match &node.expr {
        Expr::Call(call) => {
            let target = call.target.as_deref().into_iter();
            target.chain(&call.args).for_each(part);
        }
        Expr::Comprehension(looped) => {
            let range = [&looped.iter_range, &looped.accu_init];
            let steps = [&looped.loop_cond, &looped.loop_step, &looped.result];
            range.into_iter().chain(steps).for_each(part);
        }
        Expr::List(list) => list.elements.iter().for_each(part),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    part(&entry.key);
                    part(&entry.value);
                }
            }
        }
        Expr::Select(select) => part(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}
