//! Duration of scoring by a model: a synthetic one of 100 trees of 15 leaves over 20 features, 1,000 candidates at a time.
//!
//! `cargo bench --bench forest` prints the time per 1,000 candidates; divided by 100,000 it is the time per tree and candidate.

use std::fmt::Write as _;
use std::hint::black_box;

use anyhow::Result;
use criterion::{Criterion, Throughput};
use saima::forest::{self, Columns, Forest};
use saima::random::Random;

const FEATURES: u32 = 20;
const TREES: u32 = 100;
const LEAVES: i32 = 15;
const CANDIDATES: usize = 1_000;

/// Returns a tree that splits a random leaf until it has all its leaves.
fn tree(random: &mut Random, number: u32) -> Result<String> {
    let (mut left, mut right) = (Vec::<i32>::new(), Vec::<i32>::new());
    for node in 0..LEAVES - 1 {
        // A leaf that becomes a node keeps its number as the left child; the right child is a new leaf.
        let leaf = -1 - i32::try_from(random.below(u32::try_from(node + 1)?))?;
        for link in left.iter_mut().chain(&mut right) {
            if *link == leaf {
                *link = node;
            }
        }
        left.push(leaf);
        right.push(-2 - node);
    }
    let mut text = format!("Tree={number}\nnum_leaves={LEAVES}\nnum_cat=0\n");
    let mut list = |key: &str, count: i32, element: &mut dyn FnMut(i32) -> String| {
        let all: Vec<String> = (0..count).map(element).collect();
        writeln!(text, "{key}={}", all.join(" "))
    };
    let nodes = LEAVES - 1;
    list("split_feature", nodes, &mut |_| {
        random.below(FEATURES).to_string()
    })?;
    list("threshold", nodes, &mut |_| {
        format!("0.{:03}", random.below(1_000))
    })?;
    list("decision_type", nodes, &mut |_| {
        [2, 8, 10][random.below(3) as usize].to_string()
    })?;
    let link = |links: &[i32], node: i32| links[usize::try_from(node).unwrap_or(0)].to_string();
    list("left_child", nodes, &mut |node| link(&left, node))?;
    list("right_child", nodes, &mut |node| link(&right, node))?;
    list("leaf_value", LEAVES, &mut |_| {
        format!("0.{:03}", random.below(1_000))
    })?;
    list("internal_value", nodes, &mut |_| "0".to_owned())?;
    Ok(text + "is_linear=0\n\n")
}

fn model() -> Result<Forest> {
    let mut random = Random::new(1);
    let names: Vec<String> = (0..FEATURES).map(|it| format!("f{it}")).collect();
    let mut text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx={}\nfeature_names={}\n\n",
        FEATURES - 1,
        names.join(" ")
    );
    for number in 0..TREES {
        text += &tree(&mut random, number)?;
    }
    Ok(forest::read(&(text + "end of trees\n"), |_| Ok(()))?)
}

fn main() -> Result<()> {
    let model = model()?;
    let features = model.features().len();
    let mut random = Random::new(2);
    let mut columns = Columns::new(features, CANDIDATES);
    for feature in 0..features {
        for x in columns.column(feature) {
            let missing = random.below(20) == 0;
            *x = if missing {
                f64::NAN
            } else {
                f64::from(random.below(1_000)) / 1_000.0
            };
        }
    }
    let mut raws = vec![0.0; CANDIDATES];
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("forest");
    group.throughput(Throughput::Elements(u64::from(TREES) * CANDIDATES as u64));
    group.bench_function("100 trees of 15 leaves, 1000 candidates", |bencher| {
        bencher.iter(|| model.score(black_box(&columns), black_box(&mut raws)));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
