//! Handlers of the routes that change the configuration, and show its history.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::IF_MATCH;
use serde::Serialize;
use serde_json::{Map, Value};

use super::app::App;
use super::call::Call;
use super::error::{Cause, Problem};
use super::ops::{aside, no_entity, written};
use super::overrides::shown;
use super::reply::Reply;
use crate::config::{
    Author, Change, ChangeError, Changed, ConfigFault, Difference, Edit, Plan, Record,
};
use crate::engine::Wanted;
use crate::model::view::{
    Any, ConfigChanged, ConfigDifference, ConfigGeneration, ConfigHistory, ConfigPlan, ConfigPlans,
};
use crate::model::{ConfigChange, ConfigRollback, Fault, diagnose, schema};

/// Default maximum number of generations in an answer.
const GENERATIONS: usize = 20;
const TOML: HeaderValue = HeaderValue::from_static("application/toml");

impl From<ConfigFault> for Fault {
    fn from(fault: ConfigFault) -> Self {
        Self::new(fault.path, fault.message).at_line(fault.line)
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::Off => Self::new(Cause::Forbidden, detail),
            ChangeError::Stale { .. } => Self::new(Cause::Stale, detail),
            ChangeError::NoGeneration { .. } | ChangeError::NoPlan(_) => {
                Self::new(Cause::NotFound, detail)
            }
            ChangeError::Unreadable(_) => Self::new(Cause::Unreadable, detail),
            ChangeError::Storage(_) => Self::new(Cause::Storage, detail),
            ChangeError::Invalid(faults) => {
                Self::invalid(faults.into_iter().map(Fault::from).collect())
            }
        }
    }
}

/// Edits the overrides. The change is durable before it is live, and live before the answer.
pub(super) async fn change(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    let vocabulary = &call.generation.config.vocabulary;
    let body: ConfigChange = diagnose::body(&body, &schema::CONFIG_CHANGE, vocabulary)?;
    let expected = expected(&call)?;
    let by = author(&call, body.author, body.reason);
    let change = Change {
        edit: edit(body.set, body.toml)?,
        by,
        from: body.from,
        until: body.until,
    };
    let work = move |app: &App| app.engine.change_config(&change, expected);
    let changed = worked(&mut call, work).await?;
    answered(&call, changed, false)
}

/// Goes back to an earlier generation.
pub(super) async fn roll_back(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    let vocabulary = &call.generation.config.vocabulary;
    let body: ConfigRollback = diagnose::body(&body, &schema::CONFIG_ROLLBACK, vocabulary)?;
    let expected = expected(&call)?;
    let by = author(&call, body.author, body.reason);
    let work = move |app: &App| app.engine.roll_back_config(body.to, &by, expected);
    let changed = worked(&mut call, work).await?;
    answered(&call, changed, true)
}

/// Cancels a planned change.
pub(super) async fn cancel(mut call: Call<'_>) -> Result<Reply, Problem> {
    let id = call.path("id").parse().map_err(|_| no_entity())?;
    let by = author(&call, None, None);
    let work = move |app: &App| app.engine.cancel_plan(id, &by);
    aside(&mut call, work).await??;
    Ok(Reply::nothing())
}

/// Answers with the overrides as TOML.
pub(super) async fn overrides(mut call: Call<'_>) -> Result<Reply, Problem> {
    let work = |app: &App| app.engine.live().overrides_to_commit();
    let text = aside(&mut call, work).await?;
    Ok(Reply::own(TOML, text))
}

/// Answers with the generations that are kept.
pub(super) async fn history(mut call: Call<'_>) -> Result<Reply, Problem> {
    let [limit, after] = ["limit", "after"].map(|name| call.query.get(name));
    let limit = limit.and_then(|limit| limit.parse().ok());
    let after = after.and_then(|after| after.parse().ok());
    let work = move |app: &App| {
        let live = app.engine.live();
        let (records, unreadable) = live.records(limit.unwrap_or(GENERATIONS), after);
        let warnings: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
        let generations = records.into_iter().map(|record| ConfigGeneration {
            effective: None,
            ..of_record(record)
        });
        let history = ConfigHistory {
            generations: generations.collect(),
            durable: live.is_durable(),
            warnings: (!warnings.is_empty()).then_some(warnings),
        };
        serde_json::to_vec(&history)
    };
    let json = aside(&mut call, work).await?;
    written(&call, json)
}

/// Answers with one generation.
pub(super) async fn generation(mut call: Call<'_>) -> Result<Reply, Problem> {
    let number = call.path("generation").parse().map_err(|_| no_entity())?;
    let work = move |app: &App| {
        let record = app.engine.live().kept(number)?;
        Ok::<_, ChangeError>(serde_json::to_vec(&of_record(record)))
    };
    let json = aside(&mut call, work).await??;
    written(&call, json)
}

/// Answers with the planned changes.
pub(super) async fn plans(mut call: Call<'_>) -> Result<Reply, Problem> {
    let work = |app: &App| {
        let plans = app.engine.live().plans();
        let plans = plans.iter().map(of_plan).collect();
        serde_json::to_vec(&ConfigPlans { plans })
    };
    let json = aside(&mut call, work).await?;
    written(&call, json)
}

/// Runs a change on a thread of its own, in the slot in which the body was read. It runs to its end, even if the client disconnects.
async fn worked<T: Send + 'static>(
    call: &mut Call<'_>,
    work: impl FnOnce(&App) -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, Problem> {
    let (app, granted) = (Arc::clone(call.app), call.granted());
    let changing = move |_: &Wanted| {
        let _until_done = granted;
        work(&app)
    };
    Ok(call.app.engine.aside(changing).await?)
}

fn answered(call: &Call<'_>, changed: Changed, is_rollback: bool) -> Result<Reply, Problem> {
    let overrides = shown(&changed.generation);
    let answer = ConfigChanged {
        generation: changed.generation.number,
        plan: changed.plan.map(|id| id.to_string()),
        diff: changed.diff.into_iter().map(difference).collect(),
        overrides: &overrides,
        warnings: changed.warnings.into_iter().map(Fault::from).collect(),
        left: is_rollback.then_some(changed.left),
    };
    json_of(call, &answer)
}

fn json_of(call: &Call<'_>, answer: &impl Serialize) -> Result<Reply, Problem> {
    written(call, serde_json::to_vec(answer))
}

fn difference(difference: Difference) -> ConfigDifference {
    ConfigDifference {
        path: difference.key.to_string(),
        before: difference.before.map(Any),
        after: difference.after.map(Any),
    }
}

fn of_record(record: Record) -> ConfigGeneration {
    let Value::Object(effective) = record.effective else {
        return of_record(Record {
            effective: Value::Object(Map::new()),
            ..record
        });
    };
    ConfigGeneration {
        number: record.number,
        at: record.at,
        source: record.source.name(),
        author: record.by.author,
        claimed: record.by.claimed.then_some(true),
        reason: record.by.reason,
        diff: record.diff.into_iter().map(difference).collect(),
        effective: Some(effective),
    }
}

fn of_plan(plan: &Plan) -> ConfigPlan {
    let set = plan
        .changes()
        .map(|(key, value)| (key.to_string(), value.cloned().unwrap_or_default()));
    ConfigPlan {
        id: plan.id.to_string(),
        from: plan.from,
        until: plan.until,
        at: plan.at,
        author: plan.by.author.clone(),
        claimed: plan.by.claimed.then_some(true),
        reason: plan.by.reason.clone(),
        state: if plan.is_applied() {
            "applied"
        } else {
            "waiting"
        },
        failure: plan.failure().map(str::to_owned),
        set: set.collect(),
    }
}

/// Returns the edit of a body that has either a patch or a text.
pub(super) fn edit(set: Option<Map<String, Value>>, toml: Option<String>) -> Result<Edit, Problem> {
    match (set, toml) {
        (Some(set), None) => Ok(Edit::Set(set)),
        (None, Some(toml)) => Ok(Edit::Toml(toml)),
        (None, None) | (Some(_), Some(_)) => {
            let fault = Fault::new("", diagnose::EITHER);
            Err(Problem::invalid(vec![fault]))
        }
    }
}

/// Returns the generation that a change was made for, from the header `If-Match`.
fn expected(call: &Call<'_>) -> Result<u64, Problem> {
    let Some(given) = call.headers.get(IF_MATCH) else {
        let detail = "send the header `If-Match` with the generation that the change was made for, as `GET /config` names it";
        return Err(Problem::new(Cause::NoGeneration, detail));
    };
    let text = given.to_str().unwrap_or_default().trim();
    let bare = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    bare.unwrap_or(text).parse().map_err(|_| {
        let fault = Fault::new("If-Match", "must be the number of a generation");
        Problem::invalid(vec![fault])
    })
}

/// Returns the author of a change: the name of the token, the subject of the client certificate, or the name that the caller claims.
fn author(call: &Call<'_>, given: Option<String>, reason: Option<String>) -> Author {
    let proven = call.caller.as_deref().map(str::to_owned);
    let claimed = proven.is_none() && given.is_some();
    Author {
        author: proven.or(given),
        claimed,
        reason,
    }
}
