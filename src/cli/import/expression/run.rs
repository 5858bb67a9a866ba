//! Runs an expression on one row.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cel::common::ast::IdedExpr;
use cel::common::types::CelBool;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Value};

use super::functions::Constant;
use super::given::Given;
use super::signature::STEP;

/// Maximum number of steps of all loops of an expression on one row; reading a long text in a loop costs several.
const STEPS: usize = 10_000;
/// Length of a text that costs one step more.
const STEP_BYTES: usize = 64;

/// The variables of a row.
struct Variables<'r, F> {
    column: F,
    constants: &'r [Constant],
    steps: AtomicUsize,
}

impl<'r, F> Variables<'r, F> {
    /// Counts steps. Returns false if there were too many.
    fn count(&self, steps: usize) -> bool {
        self.steps.fetch_add(steps, Ordering::Relaxed) < STEPS
    }
}

impl<'r, F: Fn(usize) -> Given<'r> + Send + Sync> VariableResolver for Variables<'r, F> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let name = variable.strip_prefix('$')?;
        if variable == STEP {
            return self.count(1).then(|| CowVal::owned(CelBool::from(true)));
        }
        if let Some(place) = name.strip_prefix('c') {
            let constant = self.constants.get(place.parse::<usize>().ok()?)?;
            return Some(CowVal::Borrowed(constant));
        }
        let given = (self.column)(name.parse().ok()?);
        // Columns are read before the first step of a loop too, at no cost: each of them is read once.
        if self.steps.load(Ordering::Relaxed) > 0 && !self.count(given.size() / STEP_BYTES) {
            return None;
        }
        Some(CowVal::Owned(given.value()))
    }
}

/// Runs a rewritten expression and hands its value on.
pub(super) fn run<'r, T>(
    tree: &IdedExpr,
    environment: &Arc<Env>,
    constants: &'r [Constant],
    column: impl Fn(usize) -> Given<'r> + Send + Sync,
    read: impl FnOnce(&dyn Val) -> Result<T, String>,
) -> Result<T, String> {
    let variables = Variables {
        column,
        constants,
        steps: AtomicUsize::new(0),
    };
    let mut context = Context::with_env(Arc::clone(environment));
    context.set_variable_resolver(&variables);
    match Value::resolve_val(tree, &context) {
        Ok(value) => read(value.as_ref()),
        Err(_) if variables.steps.load(Ordering::Relaxed) >= STEPS => {
            Err(format!("the expression takes more than {STEPS} steps"))
        }
        Err(fault) => Err(message(&fault)),
    }
}

fn message(fault: &ExecutionError) -> String {
    if let ExecutionError::FunctionError { function, message } = fault {
        return format!("{}: {message}", function.trim_start_matches('$'));
    }
    if let ExecutionError::NoSuchKey(name) = fault {
        return format!("there is no {name}");
    }
    fault.to_string()
}
