//! The ready maps, and which of them fits a file.

use super::super::map::MapFile;
use super::sample::Sample;

/// Number of columns by which an export is known.
const COLUMNS: usize = 3;

/// The ready maps of `config/maps/`, with their names.
macro_rules! ready {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../config/maps/", $name, ".toml")))),*]
    };
}

const READY: [(&str, &str); 17] = ready![
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
    "shopify-orders",
    "shopify-products",
    "taobao",
    "woocommerce",
];

/// Returns the ready map of which a section finds all its columns in a file.
pub(super) fn map(sample: &Sample, file: &str) -> Option<String> {
    let fits = |(_, text): &&(&str, &str)| {
        let map = MapFile::parse(text).ok();
        map.is_some_and(|map| map.reads(COLUMNS, |column| sample.has(column)))
    };
    let (name, text) = READY.iter().find(fits)?;
    let head = "Proposed by `saima import --guess`: the columns are those of the ready map";
    Some(format!(
        "# {head} {name}.toml.\n# The file: {file}\n#\n{text}"
    ))
}
