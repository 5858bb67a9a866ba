//! Facts as the journal holds them: the lines that were accepted, as they came, and under which settings.
//!
//! The text itself is kept, not what was made of it: it can be read for as long as the wire contract holds, and learnt from anew under
//! other settings. Records are numbered by their order here: new ones go to the end.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EntityKind, Facts, Moment, Operation, read};
use crate::binary::append;
use crate::clock::{Day, Time};
use crate::config::{Config, ConfigFaults};
use crate::model::read::id_text;

/// One record of the journal.
#[derive(Debug, Deserialize, Serialize)]
pub enum Record<'a> {
    /// Settings under which the facts that follow are learnt: sections of a configuration, as TOML.
    Terms(&'a str),
    /// Lines that were accepted under one hold of the lock.
    Lines {
        /// What was to be done with them.
        operation: Operation,
        /// The machine's clock at that moment.
        wall: Time,
        /// The lines as they came.
        #[serde(borrow)]
        lines: Vec<&'a str>,
    },
    /// A deletion.
    Deletion {
        /// Of what kind.
        kind: EntityKind,
        /// Of which one.
        id: &'a str,
        /// The last day that was over.
        last_complete: Day,
    },
    /// Nothing: what was here is lost, or erased.
    Lost,
}

/// A record that cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Its bytes are none of a record.
    #[error("it is no record that this version knows")]
    Bytes,
    /// Its settings are not valid any more.
    #[error("its settings cannot be read: {0}")]
    Terms(ConfigFaults),
}

impl<'a> Record<'a> {
    /// Reads a record.
    ///
    /// # Errors
    /// Bytes that are none.
    pub fn read(content: &'a [u8]) -> Result<Self, Unreadable> {
        postcard::from_bytes(content).map_err(|_| Unreadable::Bytes)
    }

    /// Appends this record.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        append(self, bytes);
    }
}

impl Record<'_> {
    /// This record without what it says of those users, as bytes; `None` where it says nothing of them.
    #[must_use]
    pub fn without(self, is_one: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
        let rest = match self {
            Self::Lines {
                operation,
                wall,
                mut lines,
            } => {
                let before = lines.len();
                lines.retain(|line| !user_of(operation, line).is_some_and(|user| is_one(&user)));
                (lines.len() < before).then_some(Self::Lines {
                    operation,
                    wall,
                    lines,
                })
            }
            Self::Deletion {
                kind: EntityKind::User,
                id,
                ..
            } => is_one(id).then_some(Self::Lost),
            Self::Deletion { .. } | Self::Terms(_) | Self::Lost => None,
        };
        let mut bytes = Vec::new();
        rest?.write(&mut bytes);
        Some(bytes)
    }
}

/// The user whom a line is about.
fn user_of(operation: Operation, line: &str) -> Option<String> {
    let name = match operation {
        Operation::Events => "user_id",
        Operation::Upsert(EntityKind::User) | Operation::Patch(EntityKind::User) => "id",
        Operation::Upsert(_) | Operation::Patch(_) => return None,
    };
    id_text(serde_json::from_str::<Value>(line).ok()?.get(name)?)
}

impl Facts {
    /// Applies a record anew, under the settings `terms`, which a record may change; how many of its lines no longer hold.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub fn redo(&mut self, record: Record<'_>, terms: &mut Config) -> Result<usize, Unreadable> {
        match record {
            Record::Terms(text) => {
                *terms = Config::of_terms(text).map_err(Unreadable::Terms)?;
                Ok(0)
            }
            Record::Lines {
                operation,
                wall,
                lines,
            } => {
                let moment = Moment {
                    config: terms,
                    wall,
                };
                let read = lines
                    .into_iter()
                    .map(|line| read(operation, line.as_bytes(), &terms.vocabulary));
                let fates = self.apply_all(read.collect(), &moment);
                Ok(fates.into_iter().filter(Result::is_err).count())
            }
            Record::Deletion {
                kind,
                id,
                last_complete,
            } => {
                self.delete_whole(kind, id, last_complete);
                Ok(0)
            }
            Record::Lost => Ok(0),
        }
    }

    /// Deletes and forgets in one go.
    fn delete_whole(&mut self, kind: EntityKind, id: &str, last_complete: Day) {
        if let Some(retired) = self.delete(kind, id, last_complete) {
            self.leave(retired, 0..self.features.items.rows());
            self.forget(retired, 0..self.features.users.rows());
            self.retire(retired);
        }
    }
}
