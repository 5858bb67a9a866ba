//! Duration of one ranking without HTTP: a synthetic marketplace, the embedded configuration, random users and candidates.
//!
//! `cargo bench --bench rank` prints the time per request by number of candidates, and at 1,000 candidates by size of the catalogue.
//! `SAIMA_BENCH_ITEMS` sets the sizes of the catalogue (default `10000,100000,1000000`).

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use criterion::{BenchmarkId, Criterion, Throughput};
use saima::cli::synthetic;
use saima::config::{Config, Live};
use saima::engine::Engine;
use saima::model::RankRequest;
use saima::random::Random;

/// Number of requests that alternate, so that rows are as cold in the caches as in production.
const REQUESTS: u64 = 256;

fn engine(items: u32) -> Result<Arc<Engine>> {
    let live = Arc::new(Live::new(Config::embedded()));
    let engine = Engine::in_memory(live);
    engine.fill(|facts, config| synthetic::fill(facts, items, config));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(engine.rebuild());
    Ok(engine)
}

fn bodies(items: u32, candidates: u32) -> Vec<String> {
    let mut random = Random::new(u64::from(candidates));
    let body = |_| {
        let ids: Vec<String> = (0..candidates)
            .map(|_| format!("\"item-{:07}\"", random.below(items)))
            .collect();
        format!(
            r#"{{"user_id":"u{}","candidates":[{}]}}"#,
            random.below(items),
            ids.join(",")
        )
    };
    (0..REQUESTS).map(body).collect()
}

fn bench(
    criterion: &mut Criterion,
    engine: &Engine,
    group: &str,
    items: u32,
    candidates: u32,
) -> Result<()> {
    let bodies = bodies(items, candidates);
    let requests: Vec<RankRequest<'_>> = bodies
        .iter()
        .map(|body| serde_json::from_str(body))
        .collect::<Result<_, _>>()?;
    let mut turn = requests.iter().cycle();
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(u64::from(candidates)));
    group.bench_function(
        BenchmarkId::new(format!("{items} items"), format!("{candidates} candidates")),
        |bencher| {
            bencher.iter(|| {
                turn.next()
                    .map(|request| black_box(engine.rank(request, Instant::now())))
            });
        },
    );
    Ok(())
}

fn main() -> Result<()> {
    let sizes =
        std::env::var("SAIMA_BENCH_ITEMS").unwrap_or_else(|_| "10000,100000,1000000".to_owned());
    let sizes: Vec<u32> = sizes.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let mut criterion = Criterion::default().configure_from_args();
    for &items in &sizes {
        let engine = engine(items)?;
        bench(&mut criterion, &engine, "catalogue", items, 1_000)?;
        if Some(&items) == sizes.last() {
            for candidates in [100, 500, 1_000, 5_000] {
                bench(&mut criterion, &engine, "candidates", items, candidates)?;
            }
        }
    }
    criterion.final_summary();
    Ok(())
}
