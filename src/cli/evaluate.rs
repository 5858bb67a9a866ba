//! `saima evaluate`: the ranking quality of a running service, judged by what users did afterwards.
//!
//! A query is a user, candidates that were chosen before the outcome was known, and the outcome: the items that the user bought, and the
//! money spent. The service ranks the candidates, and `measure` compares its order with the best one.

mod export;
mod exposure;
mod interval;
mod measure;
mod queries;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use export::Export;
pub use exposure::{Exposure, exposure};
pub use interval::{Interval, bootstrap};
pub use measure::{Quality, quality};
pub use queries::{Query, QueryError};

use super::client::{CallError, Client, Format, Service};
use super::output::{print_line, tell};

/// Number of queries that are also explained, to find objectives without any data.
const EXPLAINED: usize = 20;

/// Measures the ranking quality of a running service
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "A line of QUERIES is {\"user_id\": …, \"candidates\": […], \"relevant\": {id: gain}}. Candidates are as for /rank: ids, or objects with
predictions; \"context\" is optional. The relevant items are those that the user bought, and a gain, above 0, is the money spent. NDCG
counts a relevant item as 1, GMV-NDCG by its gain. Several lines of one user count as their mean.

  saima evaluate --scene default --scene gmv queries.ndjson      two scenes, with the interval of their difference
  saima evaluate --against http://other:8080 queries.ndjson     two services"
)]
pub struct Args {
    #[command(flatten)]
    service: Service,
    /// Scene to rank in; default: that of the service. Given twice, the second is compared with the first
    #[arg(long)]
    scene: Vec<String>,
    /// URL of a second service, to compare with the first on the same queries
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Number of items to request; NDCG@50 needs 50
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    limit: u32,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Items with their `merchant_id` (.ndjson, optionally .gz or .zst): measure also the exposure of merchants
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Write the features of every ranked candidate in the first scene, with its outcome, to a Parquet file to train a model on
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
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
    /// The features cannot be exported.
    #[error("cannot export the features: {0}")]
    Export(String),
    /// Standard output cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] std::io::Error),
    /// More than two scenes.
    #[error("at most two scenes can be compared")]
    Scenes,
}

/// The figures of an evaluation.
#[derive(Debug, Serialize)]
struct Figures {
    scene: String,
    queries: usize,
    /// Candidates that the service does not know, over all queries; they count as not shown.
    unknown: usize,
    #[serde(flatten)]
    quality: Intervals,
    #[serde(flatten)]
    exposure: Option<Exposure>,
}

/// The figures of quality, or their differences.
#[derive(Clone, Copy, Debug, Serialize)]
struct Intervals {
    #[serde(rename = "ndcg@10")]
    ndcg_10: Interval,
    #[serde(rename = "ndcg@50")]
    ndcg_50: Interval,
    #[serde(rename = "gmv_ndcg@10")]
    gmv_ndcg_10: Interval,
}

/// Two evaluations on the same queries.
#[derive(Debug, Serialize)]
struct Comparison {
    a: Figures,
    b: Figures,
    /// b − a by user, with intervals of the mean difference.
    difference: Intervals,
}

#[derive(Deserialize)]
struct Ranking {
    scene: String,
    /// A column of the export.
    #[cfg(feature = "parquet")]
    as_of: String,
    items: Vec<Placed>,
    unknown: Vec<String>,
}

#[derive(Deserialize)]
struct Placed {
    id: String,
    #[serde(default)]
    explain: Option<Explained>,
}

#[derive(Deserialize)]
struct Explained {
    objectives: Vec<Part>,
    #[serde(default)]
    features: Option<HashMap<String, f64>>,
}

#[derive(Deserialize)]
struct Part {
    name: String,
    #[serde(default)]
    missing: bool,
}

/// Runs the command and prints the figures to standard output.
///
/// # Errors
/// [`EvaluateError`], with the line of the file if a line is at fault.
pub fn run(args: &Args) -> Result<ExitCode, EvaluateError> {
    let (queries, without) = queries::read(&args.queries)?;
    let merchants = args.items.as_deref().map(queries::merchants).transpose()?;
    let (a, b) = args.sides()?;
    let mut export = args.export.as_deref().map(Export::create).transpose()?;
    let (figures, rows) = args.measure(&a, &queries, merchants.as_ref(), export.as_mut())?;
    if let Some(export) = export {
        let rows = export.close()?;
        tell(format_args!(
            "the features of {rows} candidates were exported"
        ));
    }
    let users = queries::users(&queries);
    if without > 0 {
        tell(format_args!(
            "{without} queries without outcome were left out"
        ));
    }
    if users < queries.len() {
        tell(format_args!("{} queries of {users} users", queries.len()));
    }
    let Some(b) = b else {
        return args.print(&figures, &figures.table());
    };
    let (other, others) = args.measure(&b, &queries, merchants.as_ref(), None)?;
    let differences: Vec<Quality> = rows.iter().zip(&others).map(difference).collect();
    let comparison = Comparison {
        a: figures,
        b: other,
        difference: Intervals::of(&differences, args.seed),
    };
    args.print(&comparison, &comparison.table())
}

/// A service, and the scene to rank in.
struct Side {
    service: Service,
    scene: Option<String>,
}

impl Args {
    /// Returns what is measured, and what is compared with it.
    fn sides(&self) -> Result<(Side, Option<Side>), EvaluateError> {
        let side = |url: &str, scene: Option<&String>| Side {
            service: Service {
                url: url.to_owned(),
                ..self.service.clone()
            },
            scene: scene.cloned(),
        };
        let (first, second) = match self.scene.as_slice() {
            [] => (None, None),
            [first] => (Some(first), None),
            [first, second] => (Some(first), Some(second)),
            _ => return Err(EvaluateError::Scenes),
        };
        let a = side(&self.service.url, first);
        let b = match (&self.against, second) {
            (Some(url), second) => Some(side(url, second.or(first))),
            (None, Some(second)) => Some(side(&self.service.url, Some(second))),
            (None, None) => None,
        };
        Ok((a, b))
    }

    /// Ranks the queries. Returns the figures, and those of each user.
    fn measure(
        &self,
        side: &Side,
        queries: &[Query],
        merchants: Option<&HashMap<String, String>>,
        mut export: Option<&mut Export>,
    ) -> Result<(Figures, Vec<Quality>), EvaluateError> {
        let client = Client::new(&side.service)?;
        let mut rankings = Vec::with_capacity(queries.len());
        for (place, query) in queries.iter().enumerate() {
            let explain = place < EXPLAINED || export.is_some();
            let mut ranking = self.rank(&client, side, query, (explain, export.is_some()))?;
            if let Some(export) = &mut export {
                export.add(place, query, &ranking)?;
                // They are written; only names of objectives are still read of the first ones.
                ranking
                    .items
                    .iter_mut()
                    .for_each(|placed| placed.forget(place < EXPLAINED));
            }
            rankings.push(ranking);
        }
        let (figures, rows) = figures(queries, &rankings, merchants, self.seed);
        for name in lacking(&rankings) {
            tell(format_args!(
                "scene {}: {name} has no data for any candidate of the first queries; it counts as neutral",
                figures.scene
            ));
        }
        if figures.unknown > 0 {
            tell(format_args!(
                "scene {}: {} candidates are unknown to the service; they count as not shown",
                figures.scene, figures.unknown
            ));
        }
        Ok((figures, rows))
    }

    fn rank(
        &self,
        client: &Client,
        side: &Side,
        query: &Query,
        (explain, features): (bool, bool),
    ) -> Result<Ranking, EvaluateError> {
        let mut request = query.request.clone();
        let candidates = request.get("candidates").and_then(Value::as_array);
        let all = candidates.map_or(0, Vec::len) as u64;
        let limit = u64::from(self.limit);
        let limit = if features { limit.max(all) } else { limit };
        request.insert("limit".to_owned(), limit.into());
        if let Some(scene) = &side.scene {
            request.insert("scene".to_owned(), scene.as_str().into());
        }
        if explain {
            request.insert("explain".to_owned(), Value::Bool(true));
        }
        if features {
            request.insert("features".to_owned(), Value::Bool(true));
        }
        let body = serde_json::to_vec(&request)?;
        Ok(client.send("POST", "/rank", &body, Format::Json)?)
    }

    fn print(&self, json: &impl Serialize, table: &Table) -> Result<ExitCode, EvaluateError> {
        if self.json {
            print_line(serde_json::to_string(json)?)?;
        } else {
            print_line(table)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Ranking {
    fn order(&self) -> Vec<&str> {
        self.items.iter().map(|placed| placed.id.as_str()).collect()
    }
}

impl Placed {
    /// Forgets its features, and its explanation unless it is to be kept.
    fn forget(&mut self, keeps: bool) {
        self.explain = self.explain.take().filter(|_| keeps);
        if let Some(explained) = &mut self.explain {
            explained.features = None;
        }
    }
}

/// Returns the objectives that are missing wherever they are explained.
fn lacking(rankings: &[Ranking]) -> Vec<&str> {
    let mut missing: BTreeMap<&str, bool> = BTreeMap::new();
    let items = rankings.iter().flat_map(|ranking| &ranking.items);
    for part in items
        .filter_map(|placed| placed.explain.as_ref())
        .flat_map(|explained| &explained.objectives)
    {
        *missing.entry(&part.name).or_insert(true) &= part.missing;
    }
    let missing = missing.into_iter().filter(|(_, missing)| *missing);
    missing.map(|(name, _)| name).collect()
}

/// Returns the figures, and those of each user: the means over the user's queries, in the order of the first queries.
fn figures(
    queries: &[Query],
    rankings: &[Ranking],
    merchants: Option<&HashMap<String, String>>,
    seed: u64,
) -> (Figures, Vec<Quality>) {
    let orders: Vec<Vec<&str>> = rankings.iter().map(Ranking::order).collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut users: Vec<Vec<Quality>> = Vec::new();
    for (query, order) in queries.iter().zip(&orders) {
        let place = *places.entry(&query.user_id).or_insert(users.len());
        if place == users.len() {
            users.push(Vec::new());
        }
        if let Some(rows) = users.get_mut(place) {
            rows.push(quality(order, &query.relevant));
        }
    }
    let rows: Vec<Quality> = users.iter().map(|rows| Quality::mean(rows)).collect();
    let figures = Figures {
        scene: rankings
            .first()
            .map_or_else(String::new, |ranking| ranking.scene.clone()),
        queries: queries.len(),
        unknown: rankings.iter().map(|ranking| ranking.unknown.len()).sum(),
        quality: Intervals::of(&rows, seed),
        exposure: merchants.map(|merchants| exposure(&orders, merchants)),
    };
    (figures, rows)
}

fn difference((a, b): (&Quality, &Quality)) -> Quality {
    Quality {
        ndcg_10: b.ndcg_10 - a.ndcg_10,
        ndcg_50: b.ndcg_50 - a.ndcg_50,
        gmv_ndcg_10: b.gmv_ndcg_10 - a.gmv_ndcg_10,
    }
}

impl Intervals {
    fn of(rows: &[Quality], seed: u64) -> Self {
        let [ndcg_10, ndcg_50, gmv_ndcg_10] = bootstrap(rows, seed);
        Self {
            ndcg_10,
            ndcg_50,
            gmv_ndcg_10,
        }
    }

    const fn named(&self) -> [(&'static str, Interval); 3] {
        [
            ("NDCG@10", self.ndcg_10),
            ("NDCG@50", self.ndcg_50),
            ("GMV-NDCG@10", self.gmv_ndcg_10),
        ]
    }
}

impl Comparison {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        let (a, b) = (
            format!("A: {}", self.a.scene),
            format!("B: {}", self.b.scene),
        );
        table.set_header(["", &a, &b, "B − A", "95 % interval"]);
        let rows = self.a.quality.named().into_iter();
        let rows = rows.zip(self.b.quality.named());
        for (((name, a), (_, b)), (_, difference)) in rows.zip(self.difference.named()) {
            table.add_row([
                name.to_owned(),
                format!("{:.4}", a.mean),
                format!("{:.4}", b.mean),
                format!("{:+.4}", difference.mean),
                format!("{:+.4} – {:+.4}", difference.low, difference.high),
            ]);
        }
        let queries = self.a.queries.to_string();
        table.add_row(["queries", &queries, &queries, "", ""]);
        table
    }
}

impl Figures {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["scene", &self.scene, "95 % interval"]);
        for (name, figure) in self.quality.named() {
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
            #[cfg(feature = "parquet")]
            as_of: "2026-11-20T10:00:00Z".to_owned(),
            items: ids
                .iter()
                .map(|id| Placed {
                    id: (*id).to_owned(),
                    explain: None,
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
            user_id: id.to_owned(),
            request: serde_json::Map::new(),
            relevant: HashMap::from([(id.to_owned(), 2.0)]),
        };
        let (figures, rows) = figures(
            &[query("a"), query("z")],
            &[ranking(&["a", "b"]), ranking(&["a", "b"])],
            None,
            1,
        );
        assert!((figures.quality.ndcg_10.mean - 0.5).abs() < 1e-12);
        assert_eq!(rows.len(), 2);
        assert_eq!((figures.queries, figures.unknown), (2, 2));
        let json = serde_json::to_value(&figures).unwrap();
        assert!((json["gmv_ndcg@10"]["mean"].as_f64().unwrap() - 0.5).abs() < 1e-12);
        assert!(json.get("exposure_gini").is_none());
        assert!(figures.table().to_string().contains("GMV-NDCG@10"));
    }

    #[test]
    fn differences_are_paired_by_user() {
        let row = |figure: f64| Quality {
            ndcg_10: figure,
            ndcg_50: figure,
            gmv_ndcg_10: figure,
        };
        let a: Vec<Quality> = (0..100).map(|n| row(f64::from(n % 10) / 10.0)).collect();
        let b: Vec<Quality> = a
            .iter()
            .map(|quality| row(quality.ndcg_10 + 0.01))
            .collect();
        let differences: Vec<Quality> = a.iter().zip(&b).map(difference).collect();
        let found = Intervals::of(&differences, 1).ndcg_10;
        assert!((found.low - 0.01).abs() < 1e-9 && (found.high - 0.01).abs() < 1e-9);
    }

    #[test]
    fn queries_of_one_user_count_as_their_mean() {
        let mean = Quality::mean(&[
            quality(&["a"], &HashMap::from([("a".to_owned(), 1.0)])),
            quality(&["a"], &HashMap::from([("b".to_owned(), 1.0)])),
        ]);
        assert!((mean.ndcg_10 - 0.5).abs() < 1e-12);
    }
}
