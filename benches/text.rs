//! Cost of the objective `text`: of a query of 1,024 bytes by itself, and of 1,000 candidates with a short one.
//!
//! `cargo bench --bench text` prints the time to split a query, and that of a ranking with and without one; the difference of the rankings
//! of one candidate is all that a long query costs. `SAIMA_BENCH_ITEMS` sets the size of the catalogue (default 100000).

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use criterion::Criterion;
use saima::cli::synthetic;
use saima::config::{Config, Live};
use saima::derived::words;
use saima::engine::Engine;
use saima::model::RankRequest;
use saima::random::Random;

const CONFIG: &str = "[scene.search]\nweights = { text = 1 }\n";
/// Bytes of the long queries.
const BYTES: usize = 1_024;
const CHINESE: &str =
    "玻尿酸面膜补水保湿女士夏季清爽控油洗面奶官方旗舰店正品赫莲娜绿宝瓶精华液敏感肌";
const ENGLISH: &str =
    "hydrating serum with hyaluronic acid for dry and sensitive skin number market item ";
const LETTERS: &str =
    "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 ä ö ü ";

/// Returns a text of at most [`BYTES`] bytes.
fn long(text: &str) -> String {
    let mut query = text.repeat(BYTES / text.len() + 1);
    while query.len() > BYTES {
        query.pop();
    }
    query
}

fn engine(items: u32) -> Result<Arc<Engine>> {
    let live = Arc::new(Live::new(Config::parse("bench", CONFIG)?));
    let engine = Engine::in_memory(live);
    engine.fill(|facts, config| synthetic::fill(facts, items, config));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let started = Instant::now();
    runtime.block_on(engine.rebuild());
    println!(
        "words of {items} items, and standings: {:?}",
        started.elapsed()
    );
    Ok(engine)
}

fn body(items: u32, candidates: u32, scene: &str, query: Option<&str>) -> String {
    let mut random = Random::new(7);
    let ids = (0..candidates).map(|_| format!("\"item-{:07}\"", random.below(items)));
    let ids = ids.collect::<Vec<_>>().join(",");
    let query = query.map_or(String::new(), |query| {
        format!(r#","context":{{"query":"{query}"}}"#)
    });
    format!(r#"{{"user_id":"u1","scene":"{scene}","candidates":[{ids}]{query}}}"#)
}

fn main() -> Result<()> {
    let items: u32 = std::env::var("SAIMA_BENCH_ITEMS").map_or(Ok(100_000), |text| text.parse())?;
    let mut criterion = Criterion::default().configure_from_args();
    let texts = [
        ("chinese", CHINESE),
        ("english", ENGLISH),
        ("letters", LETTERS),
    ];
    let queries = texts.map(|(name, text)| (name, long(text)));
    for (name, query) in &queries {
        criterion.bench_function(&format!("split 1024 bytes/{name}"), |bencher| {
            bencher.iter(|| {
                let mut count = 0;
                words(black_box(query), |_| count += 1);
                count
            });
        });
    }
    let engine = engine(items)?;
    let mut rank = |name: String, body: String| -> Result<()> {
        let request: RankRequest<'_> = serde_json::from_str(&body)?;
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| black_box(engine.rank(&request, Instant::now())));
        });
        Ok(())
    };
    for (name, query) in &queries {
        rank(
            format!("1 candidate/{name}"),
            body(items, 1, "search", Some(query)),
        )?;
    }
    rank(
        "1 candidate/no query".to_owned(),
        body(items, 1, "search", None),
    )?;
    let short = Some("market 面膜 number 0000042 serum");
    for (name, scene, query) in [
        ("text", "search", short),
        ("no query", "search", None),
        ("default", "default", None),
    ] {
        rank(
            format!("1000 candidates/{name}"),
            body(items, 1_000, scene, query),
        )?;
    }
    criterion.final_summary();
    Ok(())
}
