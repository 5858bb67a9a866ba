//! `[model.*]`: models that were trained elsewhere, read from files and scored in process. Each is an objective `model.NAME`.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::check::require_id;
use super::feature::Feature;
use super::named::{Named, sha256};
use super::prediction::{Normaliser, Prediction, normaliser, shown_normaliser};
use super::section::{Content, Section, unknown};
use crate::forest::{self, Forest};
use crate::objective::{Needs, Objective};

/// Maximum number of models.
const MAX_MODELS: usize = 16;

/// A model, read and checked.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name of its objective: `model.NAME`.
    pub name: String,
    /// Path of its file, as given.
    pub file: PathBuf,
    /// Path of the rows that it was compared with, as given.
    pub check: PathBuf,
    /// Both files, as they were read.
    pub(super) read: Vec<Named>,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// Function from the raw score to a value in [0, 1].
    pub normaliser: Normaliser,
    /// The trees.
    pub forest: Arc<Forest>,
    /// What the trees read, in the order of [`Forest::features`].
    pub features: Vec<Feature>,
}

impl Model {
    /// Returns the parts of the profile that its features read.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let features = self.features.iter();
        features.fold(Needs::NOTHING, |needs, it| needs.and(it.needs()))
    }

    /// Returns the objectives that its features are figures of.
    pub(super) fn objectives(&self) -> impl Iterator<Item = Objective> {
        self.features.iter().filter_map(|it| it.objective())
    }

    /// Returns its size and what it reads in words, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let (name, trees, leaves) = (&self.name, self.forest.trees(), self.forest.leaves());
        let features = self.features.len();
        format!("{name}: {trees} trees of {leaves} leaves over {features} features")
    }
}

/// Reads every model, sorted by name.
pub(super) fn models(s: &Section<'_>, predictions: &[Prediction]) -> Vec<Model> {
    let names = s.names();
    if let Some(beyond) = names.iter().nth(MAX_MODELS) {
        let message = format!("is one model too many; there may be {MAX_MODELS}");
        s.fault(beyond, message);
    }
    let some = names.into_iter().take(MAX_MODELS);
    some.map(|name| model(s, name, predictions)).collect()
}

/// Reads one model. At a fault it has no trees, so that scenes may weigh it and one mistake gives one fault.
fn model(all: &Section<'_>, name: &str, predictions: &[Prediction]) -> Model {
    require_id(all, name, "a model");
    let objective = format!("model.{name}");
    if predictions.iter().any(|it| it.name == objective) {
        all.fault(name, format!("a prediction is named {objective} too"));
    }
    let s = all.alone(name);
    let normaliser = normaliser(&s);
    let (file, check) = (s.content("file"), s.content("check"));
    let hash = file.as_ref().map(|file| sha256(file.text.as_bytes()));
    let hash = hash.unwrap_or_default();
    if s.has("sha256") {
        let pinned = s.text("sha256", hash.clone(), |it| Ok(it.to_owned()));
        if file.is_some() && pinned != hash {
            s.fault("sha256", format!("the file has {hash}, not {pinned}"));
        }
    }
    s.finish();
    let forest = file.as_ref().and_then(|file| trees(&s, file));
    if let (Some(forest), Some(check)) = (&forest, &check)
        && let Err(fault) = forest::check(forest, &check.text)
    {
        s.fault("check", format!("{}:{fault}", check.named.path().display()));
    }
    let forest = forest.unwrap_or_default();
    let read = [&file, &check].into_iter().flatten();
    let read = read.map(|content| content.named.clone()).collect();
    let given = |content: Option<Content>| content.map(|it| it.given).unwrap_or_default();
    Model {
        name: objective,
        file: given(file),
        check: given(check),
        read,
        sha256: hash,
        normaliser,
        features: forest.features().filter_map(Feature::named).collect(),
        forest: Arc::new(forest),
    }
}

/// Reads the trees of a file.
fn trees(s: &Section<'_>, file: &Content) -> Option<Forest> {
    let known = |name: &str| match Feature::named(name) {
        Some(_) => Ok(()),
        None => {
            let all: Vec<String> = Feature::all().map(Feature::name).collect();
            Err(unknown("feature", name, all.iter().map(String::as_str)))
        }
    };
    let read = forest::read(&file.text, known);
    read.map_err(|fault| s.fault("file", format!("{}:{fault}", file.named.path().display())))
        .ok()
}

/// Returns one model in the names and units of the file, with the hash of its file.
pub(super) fn shown(model: &Model) -> (String, Value) {
    let mut value = shown_normaliser(&model.normaliser);
    value["file"] = json!(model.file);
    value["check"] = json!(model.check);
    value["sha256"] = json!(model.sha256);
    let name = model.name.strip_prefix("model.").unwrap_or(&model.name);
    (name.to_owned(), value)
}
