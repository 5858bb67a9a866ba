//! Handlers of the routes about experiments.

use super::app::App;
use super::call::Call;
use super::error::{Cause, Problem};
use super::ops::{aside, written};
use super::reply::Reply;
use crate::model::{Fault, is_id};

/// Answers with all experiments.
pub(super) async fn all(mut call: Call<'_>) -> Result<Reply, Problem> {
    let work = |app: &App| serde_json::to_vec(&app.engine.experiments());
    let json = aside(&mut call, work).await?;
    written(&call, json)
}

/// Answers with an experiment.
pub(super) async fn one(mut call: Call<'_>) -> Result<Reply, Problem> {
    let name = call.path("name").to_owned();
    let work = move |app: &App| {
        let experiment = app.engine.experiment(&name);
        experiment.map(|experiment| serde_json::to_vec(&experiment))
    };
    let json = aside(&mut call, work).await?;
    written(&call, json.ok_or_else(unknown)?)
}

/// Answers with the place of a user in an experiment.
pub(super) async fn assignment(mut call: Call<'_>) -> Result<Reply, Problem> {
    let name = call.path("name").to_owned();
    let experiments = &call.generation.config.experiments;
    experiments.named(&name).ok_or_else(unknown)?;
    let invalid = |message: &str| Problem::invalid(vec![Fault::new("user", message)]);
    let user = call.query.get("user");
    let user = user.ok_or_else(|| invalid("is required"))?.to_owned();
    if !is_id(&user) {
        return Err(invalid(
            "must have 1 to 128 bytes, without control characters",
        ));
    }
    let work = move |app: &App| {
        let assignment = app.engine.assignment(&name, &user);
        assignment.map(|assignment| serde_json::to_vec(&assignment))
    };
    let json = aside(&mut call, work).await?;
    written(&call, json.ok_or_else(unknown)?)
}

fn unknown() -> Problem {
    Problem::new(Cause::NotFound, "there is no experiment of that name")
}
