//! `saima evaluate`: the ranking quality of a running service, judged by what users did afterwards.
//!
//! A query is a user, candidates that were chosen before the outcome was known, and the outcome: the items that the user bought, and the
//! money spent. The service ranks the candidates, and `measure` compares its order with the best one.

mod exposure;
mod interval;
mod measure;
mod queries;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use exposure::{Exposure, exposure};
pub use interval::{Interval, bootstrap};
pub use measure::{Quality, quality};
pub use queries::{Query, QueryError};

use super::client::{CallError, Client, Format, Service};

/// Measures the ranking quality of a running service
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "A line of QUERIES is {\"user_id\": …, \"candidates\": [ids], \"relevant\": {id: gain}}. The relevant items are those that the user
bought, and a gain, above 0, is the money spent. NDCG counts a relevant item as 1, GMV-NDCG by its gain. One line per user."
)]
pub struct Args {
    #[command(flatten)]
    service: Service,
    /// Scene to rank in; default: that of the service
    #[arg(long)]
    scene: Option<String>,
    /// Number of items to request; NDCG@50 needs 50
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    limit: u32,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Items with their `merchant_id` (.ndjson, optionally .gz or .zst): measure also the exposure of merchants
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Print one line of JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Queries with outcomes (.ndjson, optionally .gz or .zst)
    #[arg(value_name = "QUERIES")]
    queries: PathBuf,
}

/// An error that stops an evaluation.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A file is unusable.
    #[error(transparent)]
    Queries(#[from] QueryError),
    /// A request or the figures cannot be written as JSON.
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
}

/// The figures of an evaluation.
#[derive(Debug, Serialize)]
struct Figures {
    scene: String,
    queries: usize,
    /// Candidates that the service does not know, over all queries; they count as not shown.
    unknown: usize,
    #[serde(rename = "ndcg@10")]
    ndcg_10: Interval,
    #[serde(rename = "ndcg@50")]
    ndcg_50: Interval,
    #[serde(rename = "gmv_ndcg@10")]
    gmv_ndcg_10: Interval,
    #[serde(flatten)]
    exposure: Option<Exposure>,
}

#[derive(Serialize)]
struct Request<'a> {
    user_id: &'a str,
    candidates: &'a [String],
    limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene: Option<&'a str>,
}

#[derive(Deserialize)]
struct Ranking {
    scene: String,
    items: Vec<Placed>,
    unknown: Vec<String>,
}

#[derive(Deserialize)]
struct Placed {
    id: String,
}

/// Runs the command and prints the figures to standard output.
///
/// # Errors
/// [`EvaluateError`], with the line of the file if a line is at fault.
pub fn run(args: &Args) -> Result<ExitCode, EvaluateError> {
    let queries = queries::read(&args.queries)?;
    let merchants = args.items.as_deref().map(queries::merchants).transpose()?;
    let client = Client::new(&args.service)?;
    let rankings = queries
        .iter()
        .map(|query| args.rank(&client, query))
        .collect::<Result<Vec<_>, _>>()?;
    let figures = figures(&queries, &rankings, merchants.as_ref(), args.seed);
    if args.json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        println!("{}", figures.table());
    }
    if figures.unknown > 0 {
        eprintln!(
            "{} candidates are unknown to the service; they count as not shown",
            figures.unknown
        );
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn rank(&self, client: &Client, query: &Query) -> Result<Ranking, EvaluateError> {
        let request = Request {
            user_id: &query.user_id,
            candidates: &query.candidates,
            limit: self.limit,
            scene: self.scene.as_deref(),
        };
        let body = serde_json::to_vec(&request)?;
        Ok(client.send("POST", "/rank", &body, Format::Json)?)
    }
}

impl Ranking {
    fn order(&self) -> Vec<&str> {
        self.items.iter().map(|placed| placed.id.as_str()).collect()
    }
}

fn figures(
    queries: &[Query],
    rankings: &[Ranking],
    merchants: Option<&HashMap<String, String>>,
    seed: u64,
) -> Figures {
    let orders: Vec<Vec<&str>> = rankings.iter().map(Ranking::order).collect();
    let rows: Vec<Quality> = queries
        .iter()
        .zip(&orders)
        .map(|(query, order)| quality(order, &query.relevant))
        .collect();
    let [ndcg_10, ndcg_50, gmv_ndcg_10] = bootstrap(&rows, seed);
    Figures {
        scene: rankings
            .first()
            .map_or_else(String::new, |ranking| ranking.scene.clone()),
        queries: queries.len(),
        unknown: rankings.iter().map(|ranking| ranking.unknown.len()).sum(),
        ndcg_10,
        ndcg_50,
        gmv_ndcg_10,
        exposure: merchants.map(|merchants| exposure(&orders, merchants)),
    }
}

impl Figures {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["scene", &self.scene, "95 % interval"]);
        for (name, figure) in [
            ("NDCG@10", self.ndcg_10),
            ("NDCG@50", self.ndcg_50),
            ("GMV-NDCG@10", self.gmv_ndcg_10),
        ] {
            table.add_row([
                name.to_owned(),
                format!("{:.4}", figure.mean),
                format!("{:.4} – {:.4}", figure.low, figure.high),
            ]);
        }
        if let Some(exposure) = &self.exposure {
            table.add_row([
                "exposure Gini over merchants",
                &format!("{:.4}", exposure.gini),
                "",
            ]);
            table.add_row(["merchants shown at 10", &exposure.shown.to_string(), ""]);
        }
        table.add_row(["queries", &self.queries.to_string(), ""]);
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(ids: &[&str]) -> Ranking {
        Ranking {
            scene: "default".to_owned(),
            items: ids
                .iter()
                .map(|id| Placed {
                    id: (*id).to_owned(),
                })
                .collect(),
            unknown: vec!["x".to_owned()],
        }
    }

    #[test]
    fn an_error_names_its_cause_once() {
        let file = QueryError::Line {
            path: "q.ndjson".to_owned(),
            line: 3,
            message: "odd".to_owned(),
        };
        let json = || serde_json::from_str::<u8>("x").unwrap_err();
        for (error, message) in [
            (EvaluateError::from(file), "q.ndjson:3: odd".to_owned()),
            (json().into(), format!("cannot write JSON: {}", json())),
        ] {
            assert_eq!(format!("{:#}", anyhow::Error::from(error)), message);
        }
    }

    #[test]
    fn figures_are_means_over_queries() {
        let query = |id: &str| Query {
            user_id: "u".to_owned(),
            candidates: Vec::new(),
            relevant: HashMap::from([(id.to_owned(), 2.0)]),
        };
        let figures = figures(
            &[query("a"), query("z")],
            &[ranking(&["a", "b"]), ranking(&["a", "b"])],
            None,
            1,
        );
        assert!((figures.ndcg_10.mean - 0.5).abs() < 1e-12);
        assert_eq!((figures.queries, figures.unknown), (2, 2));
        let json = serde_json::to_value(&figures).unwrap();
        assert!((json["gmv_ndcg@10"]["mean"].as_f64().unwrap() - 0.5).abs() < 1e-12);
        assert!(json.get("exposure_gini").is_none());
        assert!(figures.table().to_string().contains("GMV-NDCG@10"));
    }
}
