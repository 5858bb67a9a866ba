//! The whole configuration, and how it is read from a text or a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::admission::Admission;
use super::audience::{Audience, Audiences};
use super::aversion::Aversion;
use super::campaign::Campaigns;
use super::clock::ClockConfig;
use super::decisions::Decisions;
use super::editing::Editing;
use super::experiment::Experiments;
use super::exposure::Exposure;
use super::fault::{ConfigFault, ConfigFaults, Report};
use super::integrity::Integrity;
use super::log::Log;
use super::market::Market;
use super::model::{Model, models};
use super::named::Named;
use super::pages::Pages;
use super::prediction::{Prediction, predictions};
use super::profile::{Profile, half_life};
use super::race::Race;
use super::rule::SceneRule;
use super::rules::Names;
use super::scale::Scale;
use super::scene::{Raws, Scene, raws, scenes};
use super::section::{Base, Section};
use super::selection::{Selection, selections};
use super::server::Server;
use super::store::Store;
use super::support::Support;
use super::tail::Tail;
use super::tls::Tls;
use super::trials::{Trials, compile};
use super::weights::{Known, Weighed};
use super::{
    admission, aversion, campaign, clock, decisions, editing, experiment, exposure, file,
    integrity, limits, log, market, pages, profile, race, scale, server, store, support, tail, tls,
};
use crate::model::{Contest, DEFAULT_SCENE, Limits, Vocabulary};
use crate::objective::{Objective, Objectives, TABLE};

/// The text of the reference configuration, `config/saima.toml`, which is the default.
pub const EMBEDDED: &str = include_str!("../../config/saima.toml");

/// File name in faults of the embedded configuration.
const EMBEDDED_NAME: &str = "config/saima.toml (embedded)";

/// The settings of one generation: immutable, every value in range, every name known. Times that enter formulas are milliseconds
/// as `f64`.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[tls]`
    pub tls: Tls,
    /// `[admission]`
    pub admission: Admission,
    /// `[store]`
    pub store: Store,
    /// `[clock]`
    pub clock: ClockConfig,
    /// `[config]`
    pub editing: Editing,
    /// `[limits]`
    pub limits: Limits,
    /// `[profile]`
    pub profile: Profile,
    /// `[scale]`
    pub scale: Scale,
    /// `[freshness] half_life_days`, in milliseconds.
    pub freshness_half_life: f64,
    /// `[text] words`, the maximum number of distinct words of an item that are kept.
    pub text_words: usize,
    /// `[proximity] half_km`.
    pub half_km: f64,
    /// `[race]`
    pub race: Race,
    /// `[integrity]`
    pub integrity: Integrity,
    /// `[aversion]`
    pub aversion: Aversion,
    /// `[pages]`
    pub pages: Pages,
    /// `[exposure]`
    pub exposure: Exposure,
    /// `[predictions.*]`, sorted by name.
    pub predictions: Vec<Prediction>,
    /// `[model.*]`, sorted by name.
    pub models: Vec<Model>,
    /// `[selection.*]`, sorted by name, then those of campaigns without a selection of their own.
    pub selections: Arc<[Selection]>,
    /// `[audience.*]`, sorted by name.
    pub audiences: Arc<[Audience]>,
    /// `[scene.*]` by name, inheritance resolved.
    pub scenes: BTreeMap<String, Arc<Scene>>,
    /// The most impressions of one item that a rule `seen` of any scene counts; 0 if there is none, and then none are remembered.
    pub sights: usize,
    /// True if a scene weighs the goals of merchants; else nothing is remembered for it.
    pub goals: bool,
    /// The objectives that a scene weighs, or what the arms of experiments make of it.
    pub objectives: Objectives,
    /// `[support]`
    pub support: Support,
    /// `[tail]`
    pub tail: Tail,
    /// `[campaign.*]`
    pub campaigns: Campaigns,
    /// `[market]`
    pub market: Market,
    /// `[decisions]`
    pub decisions: Decisions,
    /// `[experiments]` and `[experiment.*]`.
    pub experiments: Experiments,
    /// The scenes in which experiments run, by name.
    pub trials: BTreeMap<String, Trials>,
    /// `[log]`
    pub log: Log,
    /// Limits and names that requests are checked against.
    pub vocabulary: Vocabulary,
    /// What is valid, but probably not meant, in order of lines.
    pub warnings: Vec<ConfigFault>,
}

impl Config {
    /// Returns the embedded configuration, which the service uses if it is given no file.
    #[expect(
        clippy::expect_used,
        reason = "the text is part of the program, and a test parses it"
    )]
    #[must_use]
    pub fn embedded() -> Self {
        parse(EMBEDDED_NAME, EMBEDDED, [None, None])
            .expect("the embedded configuration has no fault")
    }

    /// Reads a configuration over the embedded one.
    ///
    /// Keys that the text does not set come from the embedded configuration one by one, with two exceptions: if the text sets
    /// `[scene.default.weights]`, no weight is inherited, and a prediction replaces the one of the same name as a whole. `file`
    /// names the text in the faults.
    ///
    /// # Errors
    /// Every fault of the text with its line. If the text is not TOML, the syntax errors alone.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigFaults> {
        Self::parse_over("", file, text)
    }

    /// Reads a configuration over another one, `base`, which must be valid and is itself read over the embedded one.
    ///
    /// Keys are inherited from `base` as [`Self::parse`] inherits them from the embedded one, except that all weights are inherited
    /// one by one: a text that sets one weight changes this weight alone.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_over(base: &str, file: &str, text: &str) -> Result<Self, ConfigFaults> {
        Self::parse_in(base, file, text, None)
    }

    /// Does the same for a text whose relative paths start in a directory, if anywhere.
    pub(super) fn parse_in(
        base: &str,
        file: &str,
        text: &str,
        directory: Option<&Path>,
    ) -> Result<Self, ConfigFaults> {
        let source = Source {
            name: file,
            text,
            directory,
        };
        source.over(base).0
    }

    /// Reads the text that [`Self::terms`] returned. Other settings are the embedded ones.
    ///
    /// # Errors
    /// The faults of settings that this version no longer accepts.
    pub fn of_terms(terms: &str) -> Result<Self, ConfigFaults> {
        let mut config = Self::parse("the journal's settings", terms).map(Self::recorded)?;
        if !terms.contains("gains_for_item") {
            // Of a version in which they did not differ.
            config.profile.gains_for_item = Default::default();
        }
        Ok(config)
    }

    /// Returns the same settings, to read facts that were accepted before: bounds apply to facts as they arrive.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.vocabulary.recorded = true;
        self.vocabulary.limits = limits::widest(self.vocabulary.limits);
        self
    }

    /// Reads a file as [`Self::parse`] does.
    ///
    /// # Errors
    /// As [`Self::parse`]; one fault if the file cannot be read or is not UTF-8.
    pub fn load(path: &Path) -> Result<Self, ConfigFaults> {
        Self::load_over("", path)
    }

    /// Parses what was read of a file, as [`Self::load`] does.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of_file(path: &Path, read: std::io::Result<Vec<u8>>) -> Result<Self, ConfigFaults> {
        Self::decode("", path, read).0
    }

    /// Reads a file over another configuration as [`Self::parse_over`] does.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_over(base: &str, path: &Path) -> Result<Self, ConfigFaults> {
        Self::decode(base, path, file::read_once(path)).0
    }

    /// Parses the result of reading a file. Returns the files that it names too, whether or not it has faults.
    pub(super) fn decode(
        base: &str,
        path: &Path,
        read: std::io::Result<Vec<u8>>,
    ) -> (Result<Self, ConfigFaults>, Vec<Named>) {
        let name = path.display().to_string();
        let rejected =
            |line, message| (Err(ConfigFaults::whole(&*name, line, message)), Vec::new());
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return rejected(0, format!("the file cannot be read: {error}")),
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let directory = Some(file::directory(path));
                let name = &name;
                let source = Source {
                    name,
                    text,
                    directory,
                };
                source.over(base)
            }
            Err(error) => {
                let before = bytes.iter().take(error.valid_up_to());
                let line = 1 + before.filter(|byte| **byte == b'\n').count();
                rejected(line, "the file must be UTF-8".to_owned())
            }
        }
    }

    /// Returns the scene that answers requests for a scene: itself, or `default` if it is retired.
    #[must_use]
    pub fn answering(&self, scene: &str) -> Option<&Scene> {
        let asked = self.scenes.get(scene)?;
        let default = || self.scenes.get(DEFAULT_SCENE).unwrap_or(asked);
        Some(if asked.retired { default() } else { asked })
    }

    /// Returns whether a scene weighs an objective that reads the exposures.
    #[must_use]
    pub fn weighs_appeal(&self) -> bool {
        self.objectives.iter().any(Objective::is_appeal)
    }

    /// Returns the maximum number of words of an item that are kept; `None` if no scene weighs `text`.
    #[must_use]
    pub fn words(&self) -> Option<usize> {
        let weighs_text = self.objectives.has(Objective::Text);
        weighs_text.then_some(self.text_words)
    }

    /// Returns the scene that answers a request under arms of experiments, by their names. What is not known any more changes nothing.
    #[must_use]
    pub fn answering_under<'n>(
        &self,
        scene: &str,
        arms: impl Iterator<Item = (&'n str, &'n str)>,
    ) -> Option<&Scene> {
        let scene = self.answering(scene)?;
        let Some(trials) = self.trials.get(&scene.name) else {
            return Some(scene);
        };
        let each = &self.experiments.each;
        let held = arms.filter_map(|(name, arm)| {
            let number = each.iter().position(|known| known.name == name)?;
            Some((number, each.get(number)?.arm(arm)?))
        });
        Some(trials.under(held).map_or(scene, |under| under))
    }

    /// Returns the rules of a scene, and those that the arms of experiments put in their place.
    pub fn rules_of(&self, scene: &str) -> impl Iterator<Item = &SceneRule> {
        let own = self.scenes.get(scene).into_iter().map(|scene| &**scene);
        let under = self.trials.get(scene).into_iter().flat_map(Trials::scenes);
        own.chain(under).flat_map(|scene| &scene.rules)
    }

    /// Returns the names of the objectives whose numbers a normaliser may clip: predictions, then models.
    pub fn numbered(&self) -> impl Iterator<Item = &str> {
        let predictions = self.predictions.iter().map(|it| it.name.as_str());
        predictions.chain(self.models.iter().map(|it| it.name.as_str()))
    }

    /// Returns the objective, prediction or model of a name.
    #[must_use]
    pub fn weighed(&self, name: &str) -> Option<Weighed> {
        let own = TABLE.iter().find(|row| row.name == name);
        let prediction = || self.predictions.iter().position(|it| it.name == name);
        let model = || self.models.iter().position(|it| it.name == name);
        own.map(|row| Weighed::Own(row.objective))
            .or_else(|| prediction().map(Weighed::Prediction))
            .or_else(|| model().map(Weighed::Model))
    }

    /// Returns the name of an objective, prediction or model that a scene weighs.
    #[must_use]
    pub fn name(&self, weighed: Weighed) -> &str {
        match weighed {
            Weighed::Own(objective) => objective.row().name,
            Weighed::Prediction(number) => self
                .predictions
                .get(number)
                .map_or("", |prediction| &prediction.name),
            Weighed::Model(number) => self.models.get(number).map_or("", |model| &model.name),
        }
    }
}

/// A text to read.
struct Source<'a> {
    /// Its name in the faults.
    name: &'a str,
    text: &'a str,
    /// Where the relative paths in it start, if anywhere.
    directory: Option<&'a Path>,
}

impl Source<'_> {
    /// Reads the text over another configuration. Returns the files that it names too.
    fn over(&self, base: &str) -> (Result<Config, ConfigFaults>, Vec<Named>) {
        let [(base, _), (embedded, _)] = [base, EMBEDDED].map(DeTable::parse_recoverable);
        let bases = [&base, &embedded].map(|table| Some(table.get_ref()));
        let report = Report::new(self.text, self.directory);
        let config = read(self.name, &report, bases);
        (config, report.named())
    }
}

/// Reads a text over the tables of other configurations, the nearest first.
pub(super) fn parse(file: &str, text: &str, bases: [Base<'_>; 2]) -> Result<Config, ConfigFaults> {
    read(file, &Report::new(text, None), bases)
}

fn read(file: &str, report: &Report<'_>, bases: [Base<'_>; 2]) -> Result<Config, ConfigFaults> {
    let table = report.syntax(file)?;
    let root = Section::root(report, &table, bases);
    let mut config = config(&root);
    root.finish();
    config.warnings = report.warnings();
    report.judge(file, config)
}

/// Reads the whole file.
fn config(root: &Section<'_>) -> Config {
    let limits = root.within("limits", limits::read);
    let predictions = root.within("predictions", predictions);
    let models = root.within("model", |s| models(s, &predictions));
    let mut selections = root.within("selection", selections);
    let audiences = root.within("audience", Audiences::read);
    let names = Names {
        selections: &selections,
        known: Known {
            predictions: &predictions,
            models: &models,
        },
        audiences: &audiences,
    };
    let raws = raws(root, &limits, names);
    let scenes = scenes(&raws, names);
    let (experiments, trials) = trials(root, &scenes, (&raws, &limits, names));
    let campaigns = campaigns(root, &scenes, (&mut selections, &audiences));
    warn_of_unused(&root.section("audience"), &audiences);
    let vocabulary = vocabulary(&limits, &scenes, &predictions, &experiments);
    let (sights, goals, objectives) = read_by(&scenes, &trials);
    Config {
        server: root.within("server", server::read),
        tls: root.within("tls", tls::read),
        admission: root.within("admission", |s| admission::read(s, &limits)),
        store: root.within("store", store::read),
        clock: root.within("clock", clock::read),
        editing: root.within("config", editing::read),
        limits,
        profile: root.within("profile", profile::read),
        scale: root.within("scale", scale::read),
        freshness_half_life: root.within("freshness", half_life),
        text_words: root.within("text", |s| s.integer("words", 8..=4_096)),
        half_km: root.within("proximity", |s| s.number("half_km", 0.001..=20_000.0)),
        race: root.within("race", race::read),
        integrity: root.within("integrity", integrity::read),
        aversion: root.within("aversion", aversion::read),
        pages: root.within("pages", pages::read),
        exposure: root.within("exposure", exposure::read),
        predictions,
        models,
        support: root.within("support", |s| support::read(s, &scenes)),
        tail: root.within("tail", |s| tail::read(s, &scenes)),
        campaigns,
        market: root.within("market", market::read),
        decisions: root.within("decisions", decisions::read),
        selections: selections.into(),
        audiences: audiences.list.into(),
        sights,
        goals,
        objectives,
        experiments,
        trials,
        scenes,
        log: root.within("log", log::read),
        vocabulary,
        warnings: Vec::new(),
    }
}

/// Reads the campaigns, and adds the selections of those that name none.
fn campaigns(
    root: &Section<'_>,
    scenes: &BTreeMap<String, Arc<Scene>>,
    (selections, audiences): (&mut Vec<Selection>, &Audiences),
) -> Campaigns {
    let mut campaigns = root.within("campaign", |s| campaign::read(s, scenes));
    let all = root.section("campaign");
    campaign::resolve(&all, &mut campaigns, selections, audiences);
    campaigns
}

/// Reads the experiments, and compiles the scenes in which they run.
fn trials<'a>(
    root: &Section<'a>,
    scenes: &BTreeMap<String, Arc<Scene>>,
    (raws, limits, names): (&Raws<'_, 'a>, &Limits, Names<'_>),
) -> (Experiments, BTreeMap<String, Trials>) {
    let (max_users, holdout) = root.within("experiments", experiment::settings);
    let given = experiment::read(&root.section("experiment"), scenes, (limits, names));
    let trials = compile(&given, scenes, (raws, names));
    let each = given.into_iter().map(|given| Arc::new(given.experiment));
    let experiments = Experiments {
        max_users,
        holdout,
        each: each.collect(),
    };
    (experiments, trials)
}

/// Returns the limits and names that requests are checked against.
fn vocabulary(
    limits: &Limits,
    scenes: &BTreeMap<String, Arc<Scene>>,
    predictions: &[Prediction],
    experiments: &Experiments,
) -> Vocabulary {
    let experiments = experiments.each.iter();
    Vocabulary {
        recorded: false,
        limits: limits.clone(),
        scenes: scenes.keys().cloned().collect(),
        predictions: predictions.iter().map(|each| each.name.clone()).collect(),
        experiments: experiments.map(|each| contest(each)).collect(),
    }
}

/// Returns every scene, and what the arms of experiments make of it.
fn every<'c>(
    scenes: &'c BTreeMap<String, Arc<Scene>>,
    trials: &'c BTreeMap<String, Trials>,
) -> impl Iterator<Item = &'c Scene> {
    let under = trials.values().flat_map(Trials::scenes);
    scenes.values().map(|scene| &**scene).chain(under)
}

/// Returns what scenes read: how many impressions of an item, whether goals, and which objectives.
fn read_by(
    scenes: &BTreeMap<String, Arc<Scene>>,
    trials: &BTreeMap<String, Trials>,
) -> (usize, bool, Objectives) {
    let every = || every(scenes, trials);
    (
        every().map(Scene::sights).max().unwrap_or(0),
        every().any(Scene::weighs_goals),
        every().map(Scene::objectives).collect(),
    )
}

/// Returns what a request may name of an experiment.
fn contest(experiment: &experiment::Experiment) -> Contest {
    Contest {
        name: experiment.name.clone(),
        layer: experiment.layer.clone(),
        arms: experiment.arms.iter().map(|arm| arm.name.clone()).collect(),
    }
}

fn warn_of_unused(all: &Section<'_>, audiences: &Audiences) {
    for audience in audiences.unused() {
        all.warn(&audience.name, "nothing uses this audience");
    }
}
