//! The file, the overrides and the history, and the configuration that follows from an edit.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::author::Author;
use super::edit::{Edit, steps_of, steps_to};
use super::key::{Key, Keys};
use super::overrides::Overrides;
use super::plan::Plan;
use super::step::{Step, Wish};
use super::text::{as_toml, full, same};
use crate::clock::Time;
use crate::config::fault::ConfigFault;
use crate::config::file::directory;
use crate::config::settings::Config;
use crate::spelling::nearest;

/// How the file is read. The text of an edit is read alike.
#[derive(Clone)]
pub struct Origin {
    /// The text of the configuration that the file is laid over.
    pub base: &'static str,
    /// Where relative paths start, if anywhere.
    pub directory: Option<PathBuf>,
    /// Applies the command line.
    pub adjust: Arc<dyn Fn(&mut Config) + Send + Sync>,
}

impl Origin {
    /// Creates the origin of a file, if any, over a base.
    #[must_use]
    pub fn new(
        base: &'static str,
        file: Option<&Path>,
        adjust: Arc<dyn Fn(&mut Config) + Send + Sync>,
    ) -> Self {
        Self {
            base,
            directory: file.map(|file| directory(file).to_owned()),
            adjust,
        }
    }
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            base: "",
            directory: None,
            adjust: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// A configuration that may follow the live one.
#[derive(Debug)]
pub(in crate::config) struct Next {
    pub(in crate::config) config: Config,
    pub(in crate::config) overrides: Overrides,
}

/// What changes are made from.
#[derive(Debug)]
pub(in crate::config) struct Desk {
    /// The newest valid content of the file.
    pub(in crate::config) file: Config,
    pub(in crate::config) origin: Origin,
    pub(in crate::config) overrides: Overrides,
    pub(in crate::config) plans: Vec<Plan>,
    pub(in crate::config) next_plan: u64,
}

impl Desk {
    /// Lays overrides over the file.
    ///
    /// # Errors
    /// Every fault of the result, without lines.
    pub(in crate::config) fn merge(&self, overrides: Overrides) -> Result<Next, Vec<ConfigFault>> {
        self.merge_over(&self.file, overrides)
    }

    /// Lays overrides over other content of the file.
    ///
    /// # Errors
    /// As [`Self::merge`].
    pub(in crate::config) fn merge_over(
        &self,
        file: &Config,
        mut overrides: Overrides,
    ) -> Result<Next, Vec<ConfigFault>> {
        if overrides.is_empty() {
            let config = file.clone();
            return Ok(Next { config, overrides });
        }
        let in_file = full(file.effective());
        let mut view = in_file.clone();
        overrides.apply(&mut view);
        let config = self.read_view(&view)?;
        overrides.settle(&in_file, &full(config.effective()));
        Ok(Next { config, overrides })
    }

    /// Returns the overrides that go on under other content of the file: all but those inside an experiment that the file had and has no
    /// more. Who removes its section ends it, and what is left of it is none.
    pub(in crate::config) fn going_on(&self, file: &Config) -> Overrides {
        let mut overrides = self.overrides.clone();
        for (key, _) in self.overrides.iter() {
            let [kind, name, _, ..] = key.names() else {
                continue;
            };
            let has = |file: &Config| file.experiments.named(name).is_some();
            if kind == "experiment" && has(&self.file) && !has(file) {
                overrides.put_back(key, None);
            }
        }
        overrides
    }

    /// Reads a view as a configuration.
    ///
    /// # Errors
    /// Every fault, without lines.
    pub(in crate::config) fn read_view(&self, view: &Value) -> Result<Config, Vec<ConfigFault>> {
        let whole = |message: String| {
            vec![ConfigFault {
                line: 0,
                path: String::new(),
                message,
            }]
        };
        let text = as_toml(view)
            .map_err(|error| whole(format!("has a value that TOML does not have: {error}")))?;
        let read = Config::parse_in("", "", &text, self.origin.directory.as_deref());
        let mut config = read.map_err(|faults| without_lines(faults.faults))?;
        config.warnings = without_lines(config.warnings);
        Ok(config)
    }

    /// Returns the steps of an edit, and what follows from them.
    ///
    /// # Errors
    /// Every fault: of the text, with its line, of a key that only the file may set, or of the result.
    pub(in crate::config) fn edited(
        &self,
        edit: &Edit,
        by: &Author,
        at: Time,
    ) -> Result<(Vec<Step>, Next), Vec<ConfigFault>> {
        let (steps, wanted) = match edit {
            Edit::Set(set) => (steps_of(set), None),
            Edit::Toml(text) => {
                let wanted = self.wanted(text)?.effective();
                (self.steps_to(&wanted), Some(wanted))
            }
        };
        let of_file = |step: &&Step| {
            step.key
                .names()
                .first()
                .is_some_and(|name| name == "config")
        };
        let mut faults: Vec<ConfigFault> = steps.iter().filter(of_file).map(only_in_file).collect();
        if wanted.is_none() && faults.is_empty() {
            faults = self.not_overridden(&steps);
        }
        let overrides = match edit {
            Edit::Set(_) => self.taken_over(&steps),
            Edit::Toml(_) => self.overrides.clone(),
        };
        let next = self.stepped(overrides, &steps, (by, at));
        if !faults.is_empty() {
            faults.extend(next.err().into_iter().flatten());
            return Err(faults);
        }
        let next = next?;
        self.check_number(&next.overrides)?;
        match wanted {
            Some(wanted) if !same(&next.config.effective(), &wanted) => Err(vec![not_reached()]),
            Some(_) | None => Ok((steps, next)),
        }
    }

    /// Checks that there are not too many overrides. If the file has lowered their number since, there may be fewer, but not more.
    fn check_number(&self, overrides: &Overrides) -> Result<(), Vec<ConfigFault>> {
        let (number, most) = (overrides.len(), self.file.editing.overrides);
        if number <= most.max(self.overrides.len()) {
            return Ok(());
        }
        let message = format!(
            "there would be {number} overrides, and {most} are kept (config.overrides); put settings that stay into the file"
        );
        Err(vec![ConfigFault {
            line: 0,
            path: String::new(),
            message,
        }])
    }

    /// Returns a fault for each key that is to go back to the file although no override has it. A null in a table that the edit creates, or
    /// that an override removed, is none: as in RFC 7386 it removes what is not there.
    fn not_overridden(&self, steps: &[Step]) -> Vec<ConfigFault> {
        let file = full(self.file.effective());
        let set = steps.iter().filter(|step| step.wish != Wish::File);
        let set: Keys = set.map(|step| &step.key).collect();
        let overridden = self.overrides.keys();
        let back = steps.iter().filter(|step| step.wish == Wish::File);
        let back = back.filter(|step| !overridden.meets(&step.key));
        let fault = |Step { key, .. }: &Step| {
            let absent = key.absent(&file);
            if absent
                .as_ref()
                .is_some_and(|it| it != key && set.has_within(it))
            {
                return None;
            }
            let message = absent.map_or_else(|| IN_FILE.to_owned(), |it| nowhere(&it, &file));
            Some(ConfigFault {
                line: 0,
                path: key.to_string(),
                message,
            })
        };
        back.filter_map(fault).collect()
    }

    /// Reads the text of a whole configuration, as the file is read.
    ///
    /// # Errors
    /// Every fault, with its line.
    pub(in crate::config) fn wanted(&self, text: &str) -> Result<Config, Vec<ConfigFault>> {
        let (base, directory) = (self.origin.base, self.origin.directory.as_deref());
        let read = Config::parse_in(base, "toml", text, directory);
        let mut wanted = read.map_err(|faults| faults.faults)?;
        (self.origin.adjust)(&mut wanted);
        Ok(wanted)
    }

    /// Returns the overrides without those that a plan holds and an edit sets itself, be it to the same value: they become those of its
    /// author, and stay when the plan ends.
    fn taken_over(&self, steps: &[Step]) -> Overrides {
        let mut overrides = self.overrides.clone();
        let plans = self.plans.iter();
        let held: Keys = plans.flat_map(|plan| plan.held(&self.overrides)).collect();
        let taken = steps.iter().filter(|step| held.has(&step.key));
        taken.for_each(|step| overrides.put_back(&step.key, None));
        overrides
    }

    /// Lays the steps over the file and some overrides.
    ///
    /// # Errors
    /// As [`Self::merge`].
    fn stepped(
        &self,
        mut overrides: Overrides,
        steps: &[Step],
        (by, at): (&Author, Time),
    ) -> Result<Next, Vec<ConfigFault>> {
        overrides.follow(steps, by, at);
        self.merge(overrides)
    }

    /// Returns what follows if a plan is applied now.
    ///
    /// # Errors
    /// As [`Self::merge`].
    pub(in crate::config) fn planned(
        &self,
        plan: &Plan,
        at: Time,
    ) -> Result<Next, Vec<ConfigFault>> {
        self.stepped(self.overrides.clone(), &plan.steps, (&plan.by, at))
    }

    /// Returns what follows if the overrides become those of another view.
    ///
    /// # Errors
    /// As [`Self::merge`], or if overrides cannot express the view.
    pub(in crate::config) fn moved(
        &self,
        wanted: &Value,
        by: &Author,
        at: Time,
    ) -> Result<Next, Vec<ConfigFault>> {
        let steps = self.steps_to(wanted);
        let next = self.stepped(self.overrides.clone(), &steps, (by, at))?;
        if same(&next.config.effective(), wanted) {
            Ok(next)
        } else {
            Err(vec![not_reached()])
        }
    }

    /// Returns the steps to another view.
    fn steps_to(&self, wanted: &Value) -> Vec<Step> {
        steps_to(
            &full(self.file.effective()),
            &full(wanted.clone()),
            &self.overrides,
        )
    }

    /// Writes the overrides as TOML to commit: laid over the file, it gives the live configuration.
    ///
    /// A scene that inherits in the file what is overridden in its ancestor is named too: it would follow the file otherwise.
    pub(in crate::config) fn to_commit(&self, live: &Config) -> String {
        let file = full(self.file.effective());
        let view = full(live.effective());
        let mut wanted = Overrides::default();
        let (mut removed, mut kept) = (Vec::new(), Vec::new());
        let one = |key: Key, value: Value| Step {
            key,
            wish: Wish::Value(value),
        };
        for (key, over) in self.overrides.iter() {
            match &over.value {
                Some(value) => {
                    wanted.follow(&[one(key.clone(), value.clone())], &over.by, over.at);
                    kept.extend(self.heirs(key, &file, &view));
                }
                None => removed.push(format!("# Remove {key} from the file.\n")),
            }
        }
        kept.retain(|(key, _)| self.overrides.get(key).is_none());
        for (key, value) in kept {
            let at = Time::default();
            wanted.follow(&[one(key, value)], &Author::default(), at);
        }
        let mut toml = Value::Object(serde_json::Map::new());
        wanted.apply(&mut toml);
        removed.concat() + &as_toml(&toml).unwrap_or_default()
    }

    /// Returns the keys of the scenes that inherit a key of a scene in the file, with their live values.
    fn heirs(&self, key: &Key, file: &Value, live: &Value) -> Vec<(Key, Value)> {
        let [scene, name, rest @ ..] = key.names() else {
            return Vec::new();
        };
        if scene != "scene" || rest.is_empty() {
            return Vec::new();
        }
        let heirs = self
            .file
            .scenes
            .values()
            .filter(|it| self.descends(&it.name, name));
        let keys = heirs.map(|heir| {
            let names = ["scene", &heir.name].into_iter();
            Key::of(names.chain(rest.iter().map(String::as_str)))
        });
        keys.filter(|heir| heir.get(file) == key.get(file) && heir.get(live) != key.get(live))
            .filter_map(|heir| Some((heir.clone(), heir.get(live)?.clone())))
            .collect()
    }

    /// Returns whether a scene of the file inherits from another.
    fn descends(&self, scene: &str, from: &str) -> bool {
        let parent = |name: &str| self.file.scenes.get(name)?.parent.clone();
        let mut next = parent(scene);
        while let Some(name) = next {
            if name == from {
                return true;
            }
            next = parent(&name);
        }
        false
    }
}

fn without_lines(mut faults: Vec<ConfigFault>) -> Vec<ConfigFault> {
    for fault in &mut faults {
        fault.line = 0;
    }
    faults
}

/// Returns the fault of a configuration that overrides cannot express.
fn not_reached() -> ConfigFault {
    ConfigFault {
        line: 0,
        path: "scene".to_owned(),
        message: "the order of audiences in weights_for can be changed in the file only".to_owned(),
    }
}

/// Message about a key that only the file can give up.
const IN_FILE: &str =
    "is set by the file; send the whole configuration as `toml`, or change the file";

/// Returns the message about a key that neither the overrides nor the file have, with the nearest one beside it.
fn nowhere(key: &Key, file: &Value) -> String {
    let message = "neither an override nor the file sets it";
    let Some((name, table)) = key.names().split_last() else {
        return message.to_owned();
    };
    let table = Key::of(table.iter().map(String::as_str));
    let known = table.get(file).and_then(Value::as_object);
    let known = known.into_iter().flat_map(serde_json::Map::keys);
    match nearest(name, known.map(String::as_str)) {
        Some(nearest) => format!("{message}; did you mean {nearest}?"),
        None => message.to_owned(),
    }
}

fn only_in_file(step: &Step) -> ConfigFault {
    ConfigFault {
        line: 0,
        path: step.key.to_string(),
        message: "is set in the file only".to_owned(),
    }
}
