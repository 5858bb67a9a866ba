//! A whole record under a configuration: the columns from which its ranking is computed again. The row of a candidate is its place.

use super::normalise::normalise;
use super::tally::Tally;
use crate::bits::Bits;
use crate::clock::{Day, Time};
use crate::config::{AudienceId, Config, SelectionId, Weighed};
use crate::decision::{Column, Record, Whole};
use crate::id::ItemRow;
use crate::number::narrow;

/// A whole record under a configuration, which may be another one than that of the record.
#[derive(Debug)]
pub struct Recorded<'a> {
    pub(super) record: &'a Record,
    pub(super) whole: &'a Whole,
    pub(super) config: &'a Config,
    /// The configuration of the record, if it is known.
    pub(super) own: Option<&'a Config>,
    /// The key of the user's lots.
    pub(super) key: u64,
    /// The instant of the record.
    pub(super) as_of: Time,
    /// The instant by which the dates of rules and campaigns are judged.
    pub(super) dated: Time,
    /// By selection of the configuration: the places of its members.
    members: Vec<Bits>,
}

impl<'a> Recorded<'a> {
    /// Reads a record under a configuration, given the configuration of the record if it is known, and the key of the user's lots;
    /// `None` if it is thin.
    #[must_use]
    pub fn new(
        record: &'a Record,
        key: u64,
        config: &'a Config,
        own: Option<&'a Config>,
    ) -> Option<Self> {
        let whole = record.whole.as_ref()?;
        let members = |name: &str| {
            let places = whole.inputs.selections.get(name).into_iter().flatten();
            let places = places.map(|place| *place as usize);
            places.filter(|place| *place < whole.ids.len()).collect()
        };
        Some(Self {
            record,
            whole,
            config,
            own,
            key,
            as_of: Time::from_millis(record.as_of)?,
            dated: Time::from_millis(record.as_of)?,
            members: config
                .selections
                .iter()
                .map(|it| members(&it.name))
                .collect(),
        })
    }

    /// Returns the same with the dates of rules and campaigns judged at another instant.
    #[must_use]
    pub fn dated(self, at: Time) -> Self {
        Self { dated: at, ..self }
    }

    /// Returns the number of candidates.
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.whole.ids.len()
    }

    /// Returns the day of the instant.
    pub(super) fn today(&self) -> Day {
        self.as_of.day(self.config.race.utc_offset)
    }

    /// Returns whether the user belonged to an audience.
    pub(super) fn belongs(&self, audience: AudienceId) -> bool {
        let audience = self.config.audiences.get(audience.index());
        audience.is_some_and(|audience| self.whole.audiences.contains(&audience.name))
    }

    /// Returns whether a candidate is a member of a selection.
    pub(super) fn has(&self, selection: SelectionId, candidate: ItemRow) -> bool {
        let members = self.members.get(selection.index());
        members.is_some_and(|it| it.has(candidate.index()))
    }

    /// Returns the level of a candidate's merchant; `None` without a merchant.
    pub(super) fn level(&self, candidate: ItemRow) -> Option<f64> {
        self.whole.inputs.merchant.get(candidate.index())?;
        Some(f64::from(self.whole.level(candidate.index())))
    }

    /// Returns the value of an objective, the neutral one if the data is missing, and whether it is.
    pub(super) fn value(&self, weighed: Weighed, candidate: usize) -> (f32, bool) {
        let mut one = [0.0];
        let tally = self.fill(weighed, &[candidate], &mut one);
        (one[0], tally.missing > 0)
    }

    /// Fills the column of an objective for some candidates. Candidates without data get the neutral value.
    pub(super) fn fill(&self, weighed: Weighed, candidates: &[usize], out: &mut [f32]) -> Tally {
        let neutral = match weighed {
            Weighed::Own(own) => {
                self.read(own.row().name, candidates, out);
                own.row().neutral
            }
            Weighed::Model(_) => {
                self.read(self.config.name(weighed), candidates, out);
                0.0
            }
            Weighed::Prediction(number) => {
                let Some(prediction) = self.config.predictions.get(number) else {
                    return Tally::default();
                };
                let numbers = self.whole.predictions.get(&prediction.name);
                for (candidate, out) in candidates.iter().zip(&mut *out) {
                    let x = numbers.map_or(f64::NAN, |it| it.get(*candidate));
                    *out = if x.is_nan() {
                        f32::NAN
                    } else {
                        normalise(&prediction.normaliser, x)
                    };
                }
                narrow(prediction.neutral)
            }
        };
        let mut tally = Tally::default();
        for out in out.iter_mut().filter(|it| it.is_nan()) {
            *out = neutral;
            tally.missing += 1;
        }
        tally
    }

    fn read(&self, name: &str, candidates: &[usize], out: &mut [f32]) {
        let missing = Column::default();
        let column = self.whole.values.get(name).unwrap_or(&missing);
        for (candidate, out) in candidates.iter().zip(out) {
            *out = column.get(*candidate);
        }
    }
}
