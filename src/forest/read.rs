//! Reads a model: the text that LightGBM writes with `save_model`, version v4. One pass, in time linear in the text.

use std::collections::HashSet;

use super::MAX_TREES;
use super::block::{self, KEYS, TreeKeys};
use super::fault::Fault;
use super::lines::{Keys, Lines};
use super::numbers::{shown, whole};
use super::tree::Forest;

/// The keys of the head that are read.
const HEAD: [&str; 7] = [
    "version",
    "num_class",
    "num_tree_per_iteration",
    "max_feature_idx",
    "feature_names",
    "tree_sizes",
    "average_output",
];

/// The line after the last tree.
const END: &str = "end of trees";
/// The begin of the first line of a tree.
const TREE: &str = "Tree=";
/// The begin of the line of what pandas made into categories.
const PANDAS: &str = "pandas_categorical:";

/// Reads a model. `check` returns the fault of the name of a feature, if it has one.
///
/// # Errors
/// The first fault: the text is cut short, is of another version or has more classes, linear trees or an averaged output; it has more than
/// [`MAX_TREES`] trees or [`MAX_LEAVES`](super::MAX_LEAVES) leaves; a feature is not known; a number is not finite; or the links of a tree
/// reach a node more or less than once.
pub fn read(text: &str, check: impl Fn(&str) -> Result<(), String>) -> Result<Forest, Fault> {
    let mut lines = Lines::new(text);
    if lines.peek() != Some("tree") {
        let message = "not a model of LightGBM: the first line must be `tree`";
        return Err(Fault::new(1, message));
    }
    let mut head = Keys::new(HEAD, 1);
    while lines
        .peek()
        .is_some_and(|line| !line.starts_with(TREE) && line != END)
    {
        let line = lines.read()?;
        head.add(lines.number, line)?;
    }
    let sizes = judge(&head)?;
    let mut forest = Forest {
        names: names(&head, check)?,
        ..Forest::default()
    };
    loop {
        let line = lines.read()?;
        if line == END {
            break;
        }
        let keys = tree(line, &mut lines, forest.trees.len())?;
        block::add(&mut forest, &keys)?;
    }
    if forest.trees.is_empty() || sizes.is_some_and(|sizes| sizes != forest.trees.len()) {
        let trees = forest.trees.len();
        let message = format!("the file has {trees} trees; tree_sizes names more or fewer");
        return Err(Fault::new(lines.number, message));
    }
    tail(&mut lines)?;
    Ok(with_used(forest))
}

/// Checks the head. Returns the number of trees that it names.
fn judge(head: &Keys<'_, { HEAD.len() }>) -> Result<Option<usize>, Fault> {
    let (line, version) = head.get("version")?;
    if version.trim() != "v4" {
        let found = shown(version);
        let message = format!("version must be v4, that of LightGBM 4, not {found}");
        return Err(Fault::new(line, message));
    }
    for key in ["num_class", "num_tree_per_iteration"] {
        let (line, count) = head.get(key)?;
        if count.trim() != "1" {
            let found = shown(count);
            let message = format!("{key} must be 1, not {found}: a model has one score");
            return Err(Fault::new(line, message));
        }
    }
    if let Some((line, _)) = head.find("average_output") {
        let message = "the output is averaged over the trees, as that of a random forest; train with boosting=gbdt";
        return Err(Fault::new(line, message));
    }
    let sizes = head.find("tree_sizes");
    Ok(sizes.map(|(_, sizes)| sizes.split_ascii_whitespace().count()))
}

/// Reads the names of the features.
fn names(
    head: &Keys<'_, { HEAD.len() }>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Vec<String>, Fault> {
    let (line, given) = head.get("feature_names")?;
    let (mut names, mut known) = (Vec::new(), HashSet::new());
    for name in given.split_ascii_whitespace() {
        check(name).map_err(|fault| Fault::new(line, format!("{}: {fault}", shown(name))))?;
        if !known.insert(name) {
            return Err(Fault::new(
                line,
                format!("the feature {name} is named twice"),
            ));
        }
        names.push(name.to_owned());
    }
    let last = whole(
        "max_feature_idx",
        head.get("max_feature_idx")?,
        0..=usize::MAX,
    )?;
    if last.checked_add(1) != Some(names.len()) || u16::try_from(last).is_err() {
        let count = names.len();
        let message = format!("{count} features are named, but max_feature_idx is {last}");
        return Err(Fault::new(line, message));
    }
    Ok(names)
}

/// Reads the lines of one tree, after its first.
fn tree<'t>(first: &str, lines: &mut Lines<'t>, place: usize) -> Result<TreeKeys<'t>, Fault> {
    if first.strip_prefix(TREE) != Some(&*place.to_string()) {
        let message = format!("must be Tree={place}");
        return Err(Fault::new(lines.number, message));
    }
    if place >= MAX_TREES {
        let message = format!("is one tree too many; a model has at most {MAX_TREES}");
        return Err(Fault::new(lines.number, message));
    }
    let mut keys = Keys::new(KEYS, lines.number);
    while lines
        .peek()
        .is_some_and(|line| !line.starts_with(TREE) && line != END)
    {
        let line = lines.read()?;
        keys.add(lines.number, line)?;
    }
    Ok(keys)
}

/// Rejects columns that pandas numbered: a model does not say which number stands for what.
fn tail(lines: &mut Lines<'_>) -> Result<(), Fault> {
    while lines.peek().is_some() {
        let line = lines.read()?;
        let Some(columns) = line.strip_prefix(PANDAS) else {
            continue;
        };
        if !["null", "[]"].contains(&columns.trim()) {
            let message = "has columns of categories of pandas; give categories as whole numbers and name them in categorical_feature";
            return Err(Fault::new(lines.number, message));
        }
    }
    Ok(())
}

/// Numbers the features that the trees read.
fn with_used(mut forest: Forest) -> Forest {
    let mut place = vec![None; forest.names.len()];
    for node in &forest.nodes {
        place[usize::from(node.feature)] = Some(0);
    }
    for (feature, place) in place.iter_mut().enumerate() {
        if place.is_some() {
            *place = u16::try_from(forest.used.len()).ok();
            forest.used.push(feature);
        }
    }
    for node in &mut forest.nodes {
        node.feature = place[usize::from(node.feature)].unwrap_or_default();
    }
    forest
}
