//! Reads a text, or reports its faults.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::diagnosis::Diagnosis;
use super::foreign::advice;
use super::walk::Walk;
use crate::clock::Time;
use crate::model::batch::Batch;
use crate::model::schema::{self, Object};
use crate::model::{Entity, Fault, Id, MergeRequest, RankRequest, Vocabulary, read};

/// Reads a rank request.
///
/// # Errors
/// Every fault of the text.
pub fn request<'a>(bytes: &'a [u8], vocabulary: &Vocabulary) -> Result<RankRequest<'a>, Diagnosis> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    let mut room = vocabulary.limits.faults;
    quick(text, vocabulary)
        .ok_or_else(|| diagnose(text, &schema::RANK_REQUEST, vocabulary, &mut room))
}

/// Reads a valid rank request; returns `None` at the first fault.
#[must_use]
pub fn quick<'a>(text: &'a str, vocabulary: &Vocabulary) -> Option<RankRequest<'a>> {
    read::whole::<RankRequest<'a>>(text).filter(|request| request.holds(vocabulary))
}

/// Reads a batch as the texts of its requests, which are not checked here.
///
/// # Errors
/// Every fault of the text.
pub fn batch<'a>(bytes: &'a [u8], vocabulary: &Vocabulary) -> Result<Vec<&'a RawValue>, Diagnosis> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    match read::whole::<Batch<'a>>(text) {
        Some(batch) if batch.requests.0.len() <= vocabulary.limits.batch_requests => {
            Ok(batch.requests.0)
        }
        Some(_) | None => {
            let mut room = vocabulary.limits.faults;
            Err(diagnose(
                text,
                &schema::BATCH_REQUEST,
                vocabulary,
                &mut room,
            ))
        }
    }
}

/// Reads a merge of two users.
///
/// # Errors
/// Every fault of the text.
pub fn merge<'a>(bytes: &'a [u8], vocabulary: &Vocabulary) -> Result<MergeRequest<'a>, Diagnosis> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    let mut room = vocabulary.limits.faults;
    read::whole::<MergeRequest<'a>>(text)
        .ok_or_else(|| diagnose(text, &schema::MERGE_REQUEST, vocabulary, &mut room))
}

/// Reads a body for which speed does not matter: its faults are looked for first.
///
/// # Errors
/// Every fault of the text.
pub fn body<T: DeserializeOwned>(
    bytes: &[u8],
    object: &Object,
    vocabulary: &Vocabulary,
) -> Result<T, Diagnosis> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    syntax(text).map_err(Diagnosis::NotJson)?;
    let faults = faults(text, object, vocabulary);
    if !faults.is_empty() {
        return Err(Diagnosis::Invalid(faults));
    }
    let unread = |error: serde_json::Error| {
        let message = format!("could not be read as {}: {error}", object.name);
        Diagnosis::Invalid(vec![Fault::new("", message)])
    };
    serde_json::from_str(text).map_err(unread)
}

/// Reads one fact. `room` is the number of faults that the answer may still list.
///
/// # Errors
/// The fact's id, if it can be read, and its faults.
pub fn line<'a, T: Entity<'a>>(
    text: &'a str,
    object: &Object,
    vocabulary: &Vocabulary,
    room: &mut usize,
) -> Result<T, (Option<String>, Vec<Fault>)> {
    fact(text, object, vocabulary).ok_or_else(|| {
        let faults = diagnose(text, object, vocabulary, room).into_faults();
        (id_of(text), faults)
    })
}

/// Reads a valid fact. Whether an early time was given as a number, as epoch seconds are, takes the walk to find out.
pub(super) fn fact<'a, T: Entity<'a>>(
    text: &'a str,
    object: &Object,
    vocabulary: &Vocabulary,
) -> Option<T> {
    let fact = read::whole::<T>(text)?;
    let is_early = fact.time().is_some_and(|time| time < Time::LIKELY);
    let holds = fact.holds(&vocabulary.limits)
        && (!is_early || vocabulary.recorded || faults(text, object, vocabulary).is_empty());
    holds.then_some(fact)
}

/// Checks a merge patch (RFC 7386) of an object. After a patch that passes, each field of the entity is valid; only the number of tags
/// after the merge remains to be checked. `room` is the number of faults that the answer may still list.
///
/// # Errors
/// The patch's id, if it can be read, and its faults.
pub fn patch(
    text: &str,
    object: &Object,
    vocabulary: &Vocabulary,
    room: &mut usize,
) -> Result<(), (Option<String>, Vec<Fault>)> {
    if let Err(fault) = syntax(text) {
        return Err((None, vec![fault]));
    }
    let mut walk = Walk::new(vocabulary, room);
    walk.patch = true;
    match walk.whole(text, object) {
        faults if faults.is_empty() => Ok(()),
        faults => Err((id_of(text), faults)),
    }
}

/// Returns the faults of a text that the fast readers rejected, at most `room` of them and how many more there are. `room` shrinks
/// by their number.
#[must_use]
pub fn diagnose(
    text: &str,
    object: &Object,
    vocabulary: &Vocabulary,
    room: &mut usize,
) -> Diagnosis {
    if let Err(fault) = syntax(text) {
        return Diagnosis::NotJson(fault);
    }
    let mut faults = Walk::new(vocabulary, room).whole(text, object);
    if faults.is_empty() {
        let message = format!("could not be read as {}", object.name);
        faults.push(Fault::new("", message));
    }
    Diagnosis::Invalid(faults)
}

/// Returns the faults of a JSON text; empty if it is valid.
#[must_use]
pub fn faults(text: &str, object: &Object, vocabulary: &Vocabulary) -> Vec<Fault> {
    let mut room = vocabulary.limits.faults;
    Walk::new(vocabulary, &mut room).whole(text, object)
}

/// Checks that a text is JSON.
///
/// # Errors
/// The syntax error with its line and column.
pub fn syntax(text: &str) -> Result<(), Fault> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let advice = advice(text, error.line(), error.column());
            let advice = advice.map_or(String::new(), |advice| format!("; {advice}"));
            Err(Fault::new("", format!("not JSON: {error}{advice}")))
        }
    }
}

/// Returns the diagnosis of bytes that are not UTF-8.
#[must_use]
pub fn not_utf8() -> Diagnosis {
    Diagnosis::NotJson(Fault::new("", "not JSON: not UTF-8"))
}

/// Reads the field `id` of an object, if possible.
fn id_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        id: Id<'a>,
    }
    let named: Named<'_> = read::whole(text)?;
    Some(named.id.0.into_owned())
}
