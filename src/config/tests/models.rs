//! Models: read with the configuration, refused with their lines, followed like the file itself.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::super::{Config, Feature, Live, Normaliser, Weighed};
use super::following::{follow, rename_over};
use super::sharing::{edit, set};
use super::{assert_valid, parse};
use crate::objective::{Needs, Objective};

macro_rules! model {
    ($name:literal) => {
        (
            include_str!(concat!("../../../tests/models/", $name, ".txt")),
            include_str!(concat!("../../../tests/models/", $name, ".csv")),
        )
    };
}

const NUMERIC: (&str, &str) = model!("numeric");
const CATEGORICAL: (&str, &str) = model!("categorical");

/// Returns the check of a model: the first rows of its table.
fn check(csv: &str) -> String {
    csv.lines()
        .take(21)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A configuration that weighs one model beside it.
const TEXT: &str = "[model.ctr]\nfile = 'm.txt'\ncheck = 'm.csv'\nnormaliser = 'logistic'\ncentre = 1\nscale = 2\n\
                    [scene.default.weights]\n\"model.ctr\" = 0.5\nquality = 1\n";

/// Writes a configuration and its model into a folder.
fn write(folder: &Path, text: &str, (model, csv): (&str, &str)) {
    fs::write(folder.join("m.txt"), model).unwrap();
    fs::write(folder.join("m.csv"), check(csv)).unwrap();
    fs::write(folder.join("saima.toml"), text).unwrap();
}

fn load(text: &str, model: (&str, &str)) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), text, model);
    let loaded = Config::load(&folder.path().join("saima.toml"));
    loaded.map_err(|faults| {
        faults
            .to_string()
            .replace(&*folder.path().to_string_lossy(), "DIR")
    })
}

#[test]
fn a_model_is_an_objective() {
    let config = load(TEXT, NUMERIC).unwrap();
    let [model] = config.models.as_slice() else {
        panic!("one model")
    };
    assert_eq!((&*model.name, model.forest.trees()), ("model.ctr", 6));
    let normaliser = Normaliser::Logistic {
        centre: 1.0,
        scale: 2.0,
    };
    assert_eq!(model.normaliser, normaliser);
    assert_eq!(model.features[1], Feature::Raw(Objective::AffinityItem));
    assert!(model.needs().includes(Needs::HISTORY) && !model.needs().includes(Needs::TAGS));
    let scene = &config.scenes["default"];
    let weighed: Vec<_> = scene.weights.iter().map(|(weighed, _)| *weighed).collect();
    assert_eq!(
        weighed,
        [Weighed::Own(Objective::Quality), Weighed::Model(0)]
    );
    assert_eq!(config.name(Weighed::Model(0)), "model.ctr");
    let objectives = scene.objectives();
    assert!(objectives.has(Objective::OrderValue), "the model reads it");
    assert!(!objectives.has(Objective::Goal));
    assert_eq!(config.objectives, objectives);
    let shown = config.effective();
    assert_eq!(shown["scene"]["default"]["weights"]["model.ctr"], 0.5);
    assert_eq!(shown["model"]["ctr"]["sha256"], model.sha256);
    assert_eq!(model.sha256.len(), 64);
    assert!(
        model.shown().contains("6 trees of 90 leaves"),
        "{}",
        model.shown()
    );
}

#[test]
fn absolute_paths_need_no_directory() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), TEXT, CATEGORICAL);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text = TEXT
        .replace("m.txt", &path("m.txt"))
        .replace("m.csv", &path("m.csv"));
    let config = parse(&text).unwrap();
    assert_valid(&config);
    let hash = &config.models[0].sha256;
    assert!(
        parse(&format!("model.ctr.sha256 = '{hash}'\n{text}")).is_err(),
        "given twice"
    );
    let pinned = |hash: &str| text.replace("centre", &format!("sha256 = '{hash}'\ncentre"));
    assert_valid(&parse(&pinned(hash)).unwrap());
    let other = parse(&pinned("0")).unwrap_err().to_string();
    assert!(
        other.contains(&format!("model.ctr.sha256: the file has {hash}")),
        "{other}"
    );
    let faults = parse(TEXT).unwrap_err().to_string();
    for key in ["file", "check"] {
        let fault =
            format!("model.ctr.{key}: is a relative path, but this configuration is no file");
        assert!(faults.contains(&fault), "{faults}");
    }
}

#[test]
fn faults_name_the_file_and_its_line() {
    let (model, csv) = NUMERIC;
    let cut = &model[..2_000];
    let row = csv.lines().nth(5).unwrap();
    let (cells, _) = row.rsplit_once(',').unwrap();
    let disagrees = csv.replacen(row, &format!("{cells},99"), 1);
    let unknown = (model.replace("weekday", "weather"), csv.to_owned());
    for (text, model, csv, fault) in [
        (
            TEXT,
            cut,
            csv,
            ":2: model.ctr.file: DIR/m.txt:36: threshold must have 14 numbers; it has fewer",
        ),
        (
            TEXT,
            &*unknown.0,
            csv,
            ":2: model.ctr.file: DIR/m.txt:8: \"weather\": unknown feature",
        ),
        (
            TEXT,
            model,
            &*disagrees,
            ":3: model.ctr.check: DIR/m.csv:6: raw is 99, but the model gives",
        ),
        (
            &TEXT.replace("m.csv", "n.csv"),
            model,
            csv,
            ":3: model.ctr.check: DIR/n.csv cannot be read",
        ),
        (
            &TEXT.replace("scale = 2", "scale = 2\nscal = 2"),
            model,
            csv,
            ":7: model.ctr.scal: unknown key",
        ),
        (
            &TEXT.replace("\"model.ctr\"", "\"model.cvr\""),
            model,
            csv,
            ":8: scene.default.weights.model.cvr: unknown objective or prediction; did you mean model.ctr?",
        ),
        (
            &format!("predictions.\"model.ctr\".normaliser = 'identity'\n{TEXT}"),
            model,
            csv,
            ":2: model.ctr: a prediction is named model.ctr too",
        ),
    ] {
        let faults = load(text, (model, csv)).map(drop).unwrap_err();
        assert_eq!(faults.lines().count(), 1, "{faults}");
        assert!(
            faults.contains(&format!("DIR/saima.toml{fault}")),
            "{faults}\nnot {fault}"
        );
    }
}

#[test]
fn a_changed_model_is_a_generation() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), TEXT, NUMERIC);
    let (file, rows) = (folder.path().join("m.txt"), folder.path().join("m.csv"));
    let followed = follow(&folder.path().join("saima.toml"));
    let hash = |live: &Live| live.load().config.models[0].sha256.clone();
    let first = hash(&followed.live);

    rename_over(&rows, &check(CATEGORICAL.1));
    let faults = followed.next().unwrap_err().to_string();
    assert!(faults.contains("m.csv:2: raw is"), "{faults}");
    assert_eq!(
        (followed.live.load().number, hash(&followed.live)),
        (1, first.clone())
    );

    rename_over(&file, CATEGORICAL.0);
    assert_eq!(followed.next(), Ok(2));
    assert_ne!(hash(&followed.live), first);

    fs::remove_file(&file).unwrap();
    let faults = followed.next().unwrap_err().to_string();
    assert!(faults.contains("m.txt cannot be read"), "{faults}");
    fs::write(&file, CATEGORICAL.0).unwrap();
    assert_eq!(followed.next(), Ok(2), "the same model as before");
}

#[test]
fn a_model_that_only_an_override_names_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "", NUMERIC);
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let followed = follow(&path);
    let [file, rows] = ["m.txt", "m.csv"].map(|name| folder.path().join(name));
    let model = json!({"model": {"ctr": {"file": file, "check": rows, "normaliser": "identity"}}});
    edit(&followed.live, set(model)).unwrap();
    let hash = |live: &Live| live.load().config.models[0].sha256.clone();
    let first = hash(&followed.live);

    rename_over(&rows, &check(CATEGORICAL.1));
    let faults = followed.next().unwrap_err().to_string();
    assert!(faults.contains("m.csv:2: raw is"), "{faults}");
    assert_eq!(hash(&followed.live), first);

    rename_over(&file, CATEGORICAL.0);
    assert_eq!(followed.next(), Ok(3));
    assert_ne!(hash(&followed.live), first);
}
