//! Checks of tags, candidates and predictions.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::raw::{Kind, kind, members};
use super::walk::Walk;
use crate::model::schema::{self, listed};
use crate::model::{Contest, Id};
use crate::number::wide;
use crate::spelling::unknown;

impl Walk<'_> {
    pub(super) fn tags(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::List => self.list(raw, schema::TAGS, Self::id),
            Kind::Object => self.weights(raw),
            Kind::Null | Kind::Flag | Kind::Number | Kind::Text => {
                self.fault("must be an object of weights, or a list of names");
            }
        }
    }

    fn weights(&mut self, raw: &RawValue) {
        let mut count = 0_usize;
        let most = schema::TAGS.most(&self.vocabulary.limits);
        let unicode = members(raw, |name, weight| {
            let removed = self.patch && kind(weight) == Kind::Null;
            count += usize::from(!removed);
            if !removed && wide(count) <= most {
                self.within(&name, |walk| {
                    walk.id_text(&name);
                    walk.value(&schema::TAG_WEIGHT, weight);
                });
            }
        });
        self.check(unicode, || "must have names in Unicode".to_owned());
        self.at_most(count, schema::TAGS);
    }

    pub(super) fn candidate(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::Object => self.object(&schema::CANDIDATE, raw),
            Kind::Text | Kind::Number => self.id(raw),
            Kind::Null | Kind::Flag | Kind::List => {
                self.fault("must be an id, or an object with an id");
            }
        }
    }

    pub(super) fn predictions(&mut self, raw: &RawValue) {
        if kind(raw) != Kind::Object {
            return self.fault("must be an object of numbers");
        }
        let mut given = BTreeSet::new();
        let unicode = members(raw, |name, number| {
            let declared = self.vocabulary.prediction(&name);
            let is_twice = declared.is_some_and(|declared| given.contains(&declared));
            if kind(number) != Kind::Null {
                given.extend(declared);
            }
            self.within(&name, |walk| {
                walk.prediction(declared.is_some(), is_twice, number);
            });
        });
        self.check(unicode, || "must have names in Unicode".to_owned());
    }

    pub(super) fn arms(&mut self, raw: &RawValue) {
        if kind(raw) != Kind::Object {
            return self.fault("must be an object of names of arms");
        }
        let vocabulary = self.vocabulary;
        let mut layers = BTreeSet::new();
        let unicode = members(raw, |name, arm| {
            let known = vocabulary.experiment(&name);
            self.within(&name, |walk| {
                let Some(known) = known else {
                    return walk.check(false, || no_experiment(&name, &vocabulary.experiments));
                };
                walk.check(!layers.contains(&known.layer), || {
                    format!("excludes the other one of the layer {}", known.layer)
                });
                walk.arm(arm, known);
            });
            layers.extend(known.map(|known| &known.layer));
        });
        self.check(unicode, || "must have names in Unicode".to_owned());
    }

    fn arm(&mut self, raw: &RawValue, experiment: &Contest) {
        let arm = serde_json::from_str::<Id<'_>>(raw.get());
        let is_known = arm.is_ok_and(|arm| experiment.has(&arm));
        self.check(is_known, || {
            let known = experiment.arms.join(", ");
            format!("must be an arm of the experiment: {known}")
        });
    }

    /// Checks one prediction; a null counts as not given, whatever its name.
    fn prediction(&mut self, is_declared: bool, is_twice: bool, number: &RawValue) {
        self.check(!is_twice, || "must not be given twice".to_owned());
        if kind(number) != Kind::Null {
            let vocabulary = self.vocabulary;
            self.check(is_declared, || undeclared(&vocabulary.predictions));
            self.value(&schema::PREDICTION, number);
        }
    }
}

fn no_experiment(name: &str, experiments: &[Contest]) -> String {
    unknown(
        "experiment",
        name,
        experiments.iter().map(|known| &*known.name),
    )
}

fn undeclared(declared: &[String]) -> String {
    match declared {
        [] => "is not declared: the configuration declares no predictions".to_owned(),
        names => format!(
            "is not declared; the configuration declares {}",
            listed(names)
        ),
    }
}
