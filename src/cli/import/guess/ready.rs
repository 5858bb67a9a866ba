//! The ready maps, and which of them fits a file.

use super::super::map::MapFile;
use super::column::words;
use super::sample::Sample;

/// Number of columns by which an export is known.
const COLUMNS: usize = 3;

/// The ready maps of `config/maps/`, with their names.
macro_rules! ready {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../config/maps/", $name, ".toml")))),*]
    };
}

const READY: [(&str, &str); 18] = ready![
    "ga4",
    "gorse",
    "kaggle-ecommerce",
    "merchant-center",
    "metarank",
    "metarank-impressions",
    "olist",
    "online-retail",
    "personalize",
    "recbole",
    "retailrocket",
    "retailrocket-available",
    "segment",
    "segment-batch",
    "shopify-orders",
    "shopify-products",
    "taobao",
    "woocommerce",
];

/// Returns the ready map of which a section finds all its columns in a file.
pub(super) fn map(sample: &Sample, file: &str) -> Option<String> {
    let fits = |(name, text): &(&'static str, &'static str)| {
        let map = MapFile::parse(text).ok()?;
        let sections = map.reading(COLUMNS, |column| sample.has(column));
        let all = sections.len() == map.targets().count();
        (!sections.is_empty()).then_some((*name, *text, sections, all))
    };
    let (name, text, sections, all) = READY.iter().find_map(fits).or_else(|| {
        let taobao = READY.iter().find(|(name, _)| *name == "taobao");
        let (name, text) = taobao.filter(|_| is_taobao(sample))?;
        Some((*name, *text, Vec::new(), true))
    })?;
    let into = if all {
        String::new()
    } else {
        format!(" --into {}", sections.join(","))
    };
    let head = "Proposed by `saima import --guess`: the columns are those of the ready map";
    Some(format!(
        "# {head} {name}.toml.\n#\n#   saima import{into} --map map.toml {file}\n#\n{text}"
    ))
}

/// Returns true for five columns without names, of which the fourth has the words of Taobao.
fn is_taobao(sample: &Sample) -> bool {
    let columns: Vec<&str> = sample
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let kinds = sample.columns.get(3).map(words).unwrap_or_default();
    columns == ["1", "2", "3", "4", "5"]
        && kinds
            .iter()
            .all(|word| ["pv", "fav", "cart", "buy"].contains(word))
}
