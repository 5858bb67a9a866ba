//! `saima config`: shows and changes the configuration of a running service.

mod assign;

pub(super) use assign::patch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::against::{LiveConfig, shown};
use super::client::{Client, Service};
use super::live::time;
use super::output::print;
use crate::clock::Time;
use crate::config::{Config, differences};

/// The arguments of `saima config`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Print the live configuration, or a part of it, as TOML
    Show(Show),
    /// Print the overrides over the file, or what differs between two configurations
    Diff(Diff),
    /// Change keys, at once or for a time
    Set(Set),
    /// Print who changed what, when and why
    History(History),
    /// Go back to an earlier generation
    Rollback(Rollback),
    /// Print the planned changes
    Plans(Plans),
    /// Cancel a planned change; one that is applied is taken back
    Cancel(Cancel),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// A key such as scene.feed.weights
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// Print the overrides alone, to commit them to the file
    #[arg(long, conflicts_with = "key")]
    overrides: bool,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each of OLD and NEW is the number of a generation, or a file. Without NEW, the live configuration counts;
without both, the overrides are printed with their authors."
)]
struct Diff {
    /// A generation or a file
    #[arg(value_name = "OLD")]
    old: Option<String>,
    /// A generation or a file
    #[arg(value_name = "NEW")]
    new: Option<String>,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  saima config set 'scene.feed.weights.race.growth = 0.2' --reason 'growing shops'
  saima config set --unset scene.feed.weights.race.growth
  saima config set 'scene.feed.limit = 30' --from 2026-11-10T16:00:00Z --until 2026-11-11T16:00:00Z")]
struct Set {
    /// Assignments as in the file: KEY = VALUE
    #[arg(value_name = "KEY = VALUE")]
    assignments: Vec<String>,
    /// Give a key back to the file
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Make the service equal to this file instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["assignments", "unset"])]
    file: Option<PathBuf>,
    /// When it is applied (RFC 3339); default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Time>,
    /// When it is taken back (RFC 3339); default: never
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Time>,
    #[command(flatten)]
    change: Change,
}

/// The arguments of every change.
#[derive(Debug, clap::Args)]
struct Change {
    /// The reason, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who asks, if the token has no name
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// The generation that the change is made for; default: the live one
    #[arg(long, value_name = "N")]
    generation: Option<u64>,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Args)]
struct History {
    /// Print this generation alone, with its configuration
    #[arg(value_name = "GENERATION")]
    generation: Option<u64>,
    /// Maximum number of generations
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Args)]
struct Rollback {
    /// The generation to go back to
    #[arg(value_name = "GENERATION")]
    to: u64,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, clap::Args)]
struct Plans {
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Args)]
struct Cancel {
    /// Id of the planned change
    #[arg(value_name = "ID")]
    id: u64,
    #[command(flatten)]
    service: Service,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let text = match args.command {
        Sub::Show(args) => args.run(),
        Sub::Diff(args) => args.run(),
        Sub::Set(args) => args.run(),
        Sub::History(args) => args.run(),
        Sub::Rollback(args) => args.run(),
        Sub::Plans(args) => plans(&Client::new(&args.service)?),
        Sub::Cancel(args) => {
            let client = Client::new(&args.service)?;
            client.delete(&format!("/config/plans/{}", args.id))?;
            Ok(format!("the planned change {} is cancelled\n", args.id))
        }
    }?;
    print(text)?;
    Ok(ExitCode::SUCCESS)
}

impl Show {
    fn run(self) -> Result<String> {
        let client = Client::new(&self.service)?;
        if self.overrides {
            return Ok(client.text("/config/overrides")?);
        }
        let live = LiveConfig::get(&client)?;
        let Some(key) = self.key else {
            let text = toml::to_string(&live.config)?;
            return Ok(format!("# generation {}\n{text}", live.generation));
        };
        let found = assign::find(&live.config, &assign::names(&key)?);
        let (name, value) = found.with_context(|| format!("there is no key {key}"))?;
        if value.is_object() {
            return Ok(toml::to_string(value)?);
        }
        let one = Map::from_iter([(name, value.clone())]);
        Ok(toml::to_string(&one)?)
    }
}

impl Diff {
    fn run(self) -> Result<String> {
        let client = Client::new(&self.service)?;
        let live = LiveConfig::get(&client)?;
        let Some(old) = self.old else {
            return Ok(overridden(&live));
        };
        let old = view(&client, &old)?;
        let new = self
            .new
            .map_or(Ok(live.config), |new| view(&client, &new))?;
        let lines = differences(&old, &new);
        Ok(lines.iter().map(|it| shown(it) + "\n").collect())
    }
}

/// Returns the effective configuration of a generation or a file.
fn view(client: &Client, named: &str) -> Result<Value> {
    if let Ok(number) = named.parse::<u64>() {
        let found: Value = client.get(&format!("/config/history/{number}"))?;
        return Ok(found["effective"].clone());
    }
    Ok(Config::load(Path::new(named))?.effective())
}

fn overridden(live: &LiveConfig) -> String {
    if live.overrides.is_empty() {
        return "the file alone is live: there are no overrides\n".to_owned();
    }
    let lines = live.overrides.iter().map(|(path, about)| {
        let value = about
            .get("value")
            .map_or_else(|| "nothing".to_owned(), Value::to_string);
        format!("{path}: {} → {value}{}\n", about["file"], by(about))
    });
    lines.collect()
}

/// Returns author, time and reason of a change.
fn by(about: &Value) -> String {
    let text = |name: &str| about[name].as_str();
    let claimed = if about["claimed"] == true {
        " (claimed)"
    } else {
        ""
    };
    let author = text("author").map_or_else(String::new, |it| format!(" by {it}{claimed}"));
    let at = text("at").map_or_else(String::new, |it| format!(" at {it}"));
    let reason = text("reason").map_or_else(String::new, |it| format!(": {it}"));
    visible(&format!("  #{author}{at}{reason}"))
}

/// Returns a text with its control characters escaped, and those that change the direction of writing, so that it stays on its line.
fn visible(text: &str) -> String {
    let hidden = |each: char| {
        each.is_control()
            || matches!(each, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for each in text.chars() {
        if hidden(each) {
            shown.extend(each.escape_debug());
        } else {
            shown.push(each);
        }
    }
    shown
}

impl Set {
    fn run(self) -> Result<String> {
        let mut body = match &self.file {
            Some(file) => {
                let text = fs::read_to_string(file);
                let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
                json!({"toml": text})
            }
            None => json!({"set": assign::patch(&self.assignments, &self.unset)?}),
        };
        let is_empty = body["set"].as_object().is_some_and(Map::is_empty);
        ensure!(
            !is_empty,
            "name what to change: KEY = VALUE, --unset KEY or --file FILE"
        );
        for (name, at) in [("from", self.from), ("until", self.until)] {
            if let Some(at) = at {
                body[name] = at.to_string().into();
            }
        }
        self.change.send("PUT", "/config", body)
    }
}

impl Rollback {
    fn run(self) -> Result<String> {
        self.change
            .send("POST", "/config/rollback", json!({"to": self.to}))
    }
}

impl Change {
    /// Sends a change, and returns its outcome in words.
    fn send(self, method: &str, path: &str, mut body: Value) -> Result<String> {
        for (name, text) in [("reason", self.reason), ("author", self.author)] {
            if let Some(text) = text {
                body[name] = text.into();
            }
        }
        let client = Client::new(&self.service)?;
        let generation = match self.generation {
            Some(generation) => generation,
            None => LiveConfig::get(&client)?.generation,
        };
        let answer: Value = client.change(method, path, generation, &body)?;
        Ok(outcome(&answer))
    }
}

/// Returns the answer to a change in words.
fn outcome(answer: &Value) -> String {
    let mut text = match answer["plan"].as_str() {
        Some(plan) => format!(
            "planned as {plan}; generation {} is live\n",
            answer["generation"]
        ),
        None if answer["diff"].as_array().is_some_and(Vec::is_empty) => {
            format!(
                "nothing changes; generation {} is live\n",
                answer["generation"]
            )
        }
        None => format!("generation {} is live\n", answer["generation"]),
    };
    text += &changes(&answer["diff"]);
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    for warning in list("warnings") {
        let (path, message) = (&warning["path"], &warning["message"]);
        let of = |text: &Value| text.as_str().unwrap_or_default().to_owned();
        text += &format!("warning: {}: {}\n", of(path), of(message));
    }
    for left in list("left") {
        text += &format!("stays as it is: {}\n", left.as_str().unwrap_or_default());
    }
    text
}

/// Returns the differences of an answer, one a line.
fn changes(diff: &Value) -> String {
    let lines = diff.as_array().into_iter().flatten().map(|change| {
        let side = |name: &str| {
            let value = change.get(name);
            value.map_or_else(|| "nothing".to_owned(), Value::to_string)
        };
        let path = change["path"].as_str().unwrap_or_default();
        visible(&format!("  {path}: {} → {}", side("before"), side("after"))) + "\n"
    });
    lines.collect()
}

impl History {
    fn run(self) -> Result<String> {
        let client = Client::new(&self.service)?;
        if let Some(number) = self.generation {
            let found: Value = client.get(&format!("/config/history/{number}"))?;
            let effective = toml::to_string(&found["effective"])?;
            return Ok(line(&found) + &changes(&found["diff"]) + &effective);
        }
        let page: Value = client.get(&format!("/config/history?limit={}", self.limit))?;
        let list = |name: &str| page[name].as_array().cloned().unwrap_or_default();
        let each = list("generations").into_iter();
        let lines = each.map(|it| line(&it) + &changes(&it["diff"]));
        let warnings = list("warnings").into_iter();
        let warnings = warnings.filter_map(|it| Some(format!("warning: {}\n", it.as_str()?)));
        Ok(lines.chain(warnings).collect())
    }
}

/// Returns a generation in one line.
fn line(generation: &Value) -> String {
    let source = generation["source"].as_str().unwrap_or_default();
    format!("{} ({source}){}\n", generation["number"], by(generation))
}

fn plans(client: &Client) -> Result<String> {
    let found: Value = client.get("/config/plans")?;
    let each = found["plans"].as_array().into_iter().flatten();
    let lines = each.map(|plan| {
        let text = |name: &str| plan[name].as_str().unwrap_or_default();
        let bound = |name: &str| match text(name) {
            "" => String::new(),
            at => format!(" {name} {at}"),
        };
        let failure = match text("failure") {
            "" => String::new(),
            failure => format!("  failed: {failure}\n"),
        };
        let (from, until) = (bound("from"), bound("until"));
        let head = format!(
            "{} ({}){from}{until}{}\n",
            text("id"),
            text("state"),
            by(plan)
        );
        head + &format!("  {}\n", plan["set"]) + &failure
    });
    let text: String = lines.collect();
    Ok(if text.is_empty() {
        "no change is planned\n".to_owned()
    } else {
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_forges_a_line() {
        let record = json!({
            "number": 7, "source": "api", "author": "\u{1b}[31mmei\n8 (rollback)  # by li", "claimed": true,
            "reason": "it's\u{202e} \u{85}日本", "at": "2026-03-20T12:00:00Z",
        });
        let right = "7 (api)  # by \\u{1b}[31mmei\\n8 (rollback)  # by li (claimed) at 2026-03-20T12:00:00Z: \
                     it's\\u{202e} \\u{85}日本\n";
        assert_eq!(line(&record), right);
        let diff = json!([{"path": "a", "before": "\u{9b}", "after": "\n"}]);
        assert_eq!(changes(&diff), "  a: \"\\u{9b}\" → \"\\n\"\n");
    }
}
