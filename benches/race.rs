//! The duration of a rebuild of the standings: merchants with 84 days of sales, one item in ten sold.
//!
//! `cargo bench --bench race` prints the time on one thread, which is the CPU time, and on the whole pool.

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use rayon::ThreadPoolBuilder;
use saima::chunked::Chunked;
use saima::clock::{Day, Time};
use saima::config::Scale;
use saima::corpus::Corpus;
use saima::id::{ItemRow, MerchantRow, UserRow};
use saima::money::Money;
use saima::race::{
    Inputs, Kind, LaneId, Lanes, Ledger, PerKind, Purchase, Repeats, Runner, RunnerRows,
    SalesHistory, Stamp, Standings,
};
use saima::random::Random;

const LAST: Day = Day(20_000);

/// Draws a number below the bound, small numbers far more often.
fn skewed(random: &mut Random, bound: u32) -> u32 {
    let least = random.below(bound);
    least.min(random.below(bound)).min(random.below(bound))
}

struct Size {
    items: u32,
    merchants: u32,
    purchases: u32,
}

fn market(size: &Size) -> Inputs {
    let mut random = Random::new(7);
    let mut ledger = Ledger::new(1_000);
    let sold = size.items / 10;
    for id in 0..size.purchases {
        let item = skewed(&mut random, sold) * 10;
        let day = LAST.plus(-i32::try_from(random.below(84)).unwrap_or(0));
        let purchase = Purchase {
            id: random.bits() | 1,
            buyer: UserRow(skewed(&mut random, 1_000_000)),
            runners: RunnerRows::default()
                .with(ItemRow(item))
                .with(MerchantRow(item / 10 % size.merchants)),
            amount: Money::from_units(f64::from(1 + random.below(100_000)) / 100.0),
            refunded: Money(i64::from(id % 50 == 0)),
            stamp: Stamp::default(),
        };
        ledger.purchase(day, purchase);
    }
    let mut lanes = Lanes::default();
    for lane in 0..100 {
        lanes.intern(&format!("lane {lane}"));
    }
    let runner = |row: u32| Runner {
        lane: LaneId(row % 100),
        start: Some(Day(0)),
        price: 100.0,
        ..Runner::default()
    };
    Inputs {
        number: 1,
        as_of: Time::default(),
        last_complete: LAST,
        utc_offset: 0,
        runners: PerKind::from_fn(|kind| {
            let rows = match kind {
                Kind::Item => size.items,
                Kind::Merchant => size.merchants,
                Kind::Creator => 0,
            };
            (0..rows).map(runner).collect()
        }),
        lanes,
        sales: ledger.snapshot(LAST),
        item_count: size.items,
        corpus: Corpus::default(),
        kinds: Default::default(),
        tag_counts: Chunked::of(vec![100; 10_000]),
        history: PerKind::from_fn(|_| 40.0),
        evidence: PerKind::default(),
        repeats: Repeats::default(),
        recent: SalesHistory::default(),
        scale: Scale {
            item_history: 40.0,
            merchant_history: 100.0,
            item_buyers: 100.0,
            price: 1_000.0,
        },
        level_weight: 0.6,
        growth_weight: 0.4,
    }
}

fn bench(criterion: &mut Criterion, name: &str, size: &Size) {
    let inputs = market(size);
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    for (threads, label) in [(1, "one thread"), (0, "all threads")] {
        let Ok(pool) = ThreadPoolBuilder::new().num_threads(threads).build() else {
            continue;
        };
        group.bench_function(label, |bencher| {
            bencher.iter_batched(
                || inputs.clone(),
                |inputs| pool.install(|| black_box(Standings::build(inputs))),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let small = Size {
        items: 100_000,
        merchants: 10_000,
        purchases: 500_000,
    };
    let full = Size {
        items: 1_000_000,
        merchants: 100_000,
        purchases: 5_000_000,
    };
    bench(&mut criterion, "rebuild small", &small);
    bench(&mut criterion, "rebuild full", &full);
    criterion.final_summary();
}
