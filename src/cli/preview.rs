//! `saima preview`: what a configuration would change, by ranking logged requests of a running service again.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::client::{Client, Format, Service};
use super::configure::patch;
use super::live;
use super::output::{print, print_line};
use crate::clock::Time;

/// Shows what a configuration would change in a running service
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The service ranks its newest logged requests again under its live configuration and under the new one, and compares the pages;
nothing goes live. It needs the ops role, and a share of [decisions] whole above 0. NEW is judged as if it replaced the file of
the service: overrides stay, and so does what needs a restart.

  saima preview new.toml --scene feed --requests 500
  saima preview --set 'scene.feed.weights.race.growth = 0.2'"
)]
pub(super) struct Args {
    #[command(flatten)]
    service: Service,
    /// Only requests for this scene
    #[arg(long)]
    scene: Option<String>,
    /// Maximum number of logged requests
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    requests: u32,
    /// Judge the dates of rules and campaigns at this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = live::time)]
    at: Option<Time>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    /// An assignment as in `saima config set`, over the live configuration; may be given several times
    #[arg(long, value_name = "KEY = VALUE")]
    set: Vec<String>,
    /// The configuration file as it would be
    #[arg(
        value_name = "NEW",
        required_unless_present = "set",
        conflicts_with = "set"
    )]
    file: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let mut body = match &args.file {
        Some(file) => {
            let text = fs::read_to_string(file);
            json!({"file": text.with_context(|| file.display().to_string())?})
        }
        None => json!({"set": patch(&args.set, &[])?}),
    };
    body["requests"] = args.requests.into();
    if let Some(scene) = &args.scene {
        body["scene"] = scene.as_str().into();
    }
    if let Some(at) = args.at {
        body["at"] = at.to_string().into();
    }
    let client = Client::new(&args.service)?;
    let body = serde_json::to_vec(&body)?;
    let preview: Value = client.send("POST", "/config/preview", &body, Format::Json)?;
    if args.json {
        print_line(&preview)?;
    } else {
        print(report(&preview))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the report for people.
fn report(preview: &Value) -> String {
    let mut lines = vec![format!(
        "{} requests ranked again, against generation {}",
        preview["replayed"], preview["generation"]
    )];
    if let Some(why) = preview["why"].as_str() {
        lines.push(why.to_owned());
    }
    let keys = list(&preview["not_replayed"]);
    for key in keys {
        lines.push(format!(
            "not shown: {} ({})",
            text(&key["key"]),
            text(&key["reason"])
        ));
    }
    if preview["reproduced"]
        .as_f64()
        .is_some_and(|share| share < 1.0)
    {
        lines.push(format!(
            "reproduced: {} — this is a bug, please report it",
            preview["reproduced"]
        ));
    }
    if preview["replayed"] != 0 {
        lines.push(format!(
            "order: τ {}, the same in the first 10 {}, on the page {}, first place unchanged {}",
            number(&preview["tau"]),
            percent(&preview["overlap"]["at_10"]),
            percent(&preview["overlap"]["page"]),
            percent(&preview["first_unchanged"])
        ));
        lines.extend(tables(preview));
        lines.extend(list(&preview["changed"]).iter().take(3).map(side_by_side));
    }
    lines.join("\n") + "\n"
}

/// Returns the tables of means, rules and shares.
fn tables(preview: &Value) -> Vec<String> {
    let mut tables = Vec::new();
    let mut objectives = table(&["objective (mean, weighed by place)", "before", "after"]);
    for row in list(&preview["objectives"]) {
        objectives.add_row([
            text(&row["name"]),
            number(&row["before"]),
            number(&row["after"]),
        ]);
    }
    let price = &preview["price"];
    objectives.add_row([
        "price of the page".to_owned(),
        number(&price["before"]),
        number(&price["after"]),
    ]);
    tables.push(objectives.to_string());
    if !list(&preview["rules"]).is_empty() {
        let mut rules = table(&["rule (acts)", "before", "after"]);
        for row in list(&preview["rules"]) {
            rules.add_row([
                text(&row["rule"]),
                row["before"].to_string(),
                row["after"].to_string(),
            ]);
        }
        tables.push(rules.to_string());
    }
    let exposure = &preview["exposure"];
    for (key, name) in [
        ("tier", "share of exposure by tier"),
        ("lane", "share of exposure by lane"),
        ("winners", "merchants that gain"),
        ("losers", "merchants that lose"),
    ] {
        let rows = list(&exposure[key]);
        if rows.is_empty() {
            continue;
        }
        let mut shares = table(&[name, "before", "after"]);
        for row in rows.iter().take(10) {
            let shown = match text(&row["name"]) {
                empty if empty.is_empty() => "(none)".to_owned(),
                name => name,
            };
            shares.add_row([shown, percent(&row["before"]), percent(&row["after"])]);
        }
        tables.push(shares.to_string());
    }
    tables
}

/// Returns a changed request, with its pages side by side.
fn side_by_side(request: &Value) -> String {
    let title = format!(
        "request {} in {}, τ {}",
        text(&request["request_id"]),
        text(&request["scene"]),
        number(&request["tau"])
    );
    let mut pages = table(&[&title, "before", "after"]);
    for place in list(&request["places"]) {
        pages.add_row([
            place["place"].to_string(),
            text(&place["before"]),
            text(&place["after"]),
        ]);
    }
    let mut lines = vec![pages.to_string()];
    for item in list(&request["moved"]).iter().take(5) {
        let place = |side: &str| match item[side].as_u64() {
            Some(place) => place.to_string(),
            None => "–".to_owned(),
        };
        lines.push(format!(
            "  {} {} → {}: {}",
            text(&item["id"]),
            place("before"),
            place("after"),
            text(&item["reason"])
        ));
    }
    lines.join("\n")
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(columns.to_vec());
    for place in 1..columns.len() {
        if let Some(column) = table.column_mut(place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("–").to_owned()
}

fn number(value: &Value) -> String {
    value
        .as_f64()
        .map_or("–".to_owned(), |it| format!("{it:.4}"))
}

fn percent(value: &Value) -> String {
    value
        .as_f64()
        .map_or("–".to_owned(), |it| format!("{:.1} %", it * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_preview_says_why() {
        let preview = json!({"generation": 3, "replayed": 0, "why": "no request was logged whole yet", "not_replayed": []});
        let report = report(&preview);
        assert!(
            report.contains("0 requests") && report.contains("logged whole yet"),
            "{report}"
        );
    }
}
