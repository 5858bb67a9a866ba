//! Bulk bodies: upserts, patches and events, as a JSON array or as one object a line.
//!
//! The whole body is split before its first line is applied, so an array that does not parse changes nothing. Lines are applied in
//! small slices. Between slices the task yields, so that rank requests on the same thread can run.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Bytes;

use super::app::App;
use super::body::Media;
use super::call::Call;
use super::error::{Cause, Problem};
use super::ops;
use super::reply::Reply;
use crate::engine::{
    self, Accepted, Applied, Broken, Effects, Fate, MAX_NAMES, Merged, Operation, Wanted,
};
use crate::model::schema::LINES;
use crate::model::view::{self, BulkReply, MergeReply};
use crate::model::{EventKind, Fault, Limits, MergeRequest, diagnose};

/// Lines applied before the task yields.
const SLICE: usize = 8;
/// Maximum number of rejects, and of repeats with other content, that are listed; the others are only counted.
const LISTED: usize = 1_000;
/// Size from which a body is split, and a slice of lines applied, on the workers: it would block its thread for too long.
const LARGE: usize = 64 << 10;

/// A line that is not blank: its index among all lines, and the range of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    index: usize,
    bytes: Range<usize>,
}

/// Counts the outcome of a line.
fn add(reply: &mut BulkReply, index: usize, outcome: Fate) {
    match outcome {
        Ok(accepted) => {
            reply.accepted += 1;
            reply.late += usize::from(accepted == Accepted::Late);
            let is_repeat = matches!(accepted, Accepted::Known | Accepted::Altered(_));
            reply.repeated += usize::from(is_repeat);
            if let Accepted::Altered(id) = accepted {
                add_repeat(reply, index, id.into());
            }
        }
        Err(rejected) => {
            reply.rejected_count += 1;
            if reply.rejected.len() < LISTED {
                let engine::Rejected { id, errors } = rejected;
                reply.rejected.push(view::Rejected { index, id, errors });
            }
        }
    }
}

/// Counts a repeat with other content.
fn add_repeat(reply: &mut BulkReply, index: usize, id: String) {
    *reply.repeats_count.get_or_insert_default() += 1;
    let repeats = reply.repeats.get_or_insert_default();
    if repeats.len() < LISTED {
        let message = "differs from the event that was accepted under this id, and changes nothing";
        repeats.push(view::Repeat { index, id, message });
    }
}

/// Applies every valid line of a body, and reports the invalid ones. Answers when the applied facts are durable. A dry run applies none.
pub(super) async fn ingest(mut call: Call<'_>, operation: Operation) -> Result<Reply, Problem> {
    let [is_rehearsal, asked] = [call.query.flag("dry_run")?, call.query.flag("effects")?];
    let has_effects = is_rehearsal || asked;
    let body = call.read().await?;
    let limits = call.generation.config.vocabulary.limits.clone();
    let lines = cut(call.app, Media::of(call.headers), body.clone(), limits).await?;
    let mut reply = BulkReply::default();
    let mut work = Lines {
        operation,
        is_rehearsal,
        room: call.generation.config.vocabulary.limits.faults,
        effects: has_effects.then(Effects::default),
        odd_ids: 0,
    };
    for slice in lines.chunks(SLICE) {
        if !is_rehearsal {
            call.app.engine.room().await?;
        }
        let size: usize = slice.iter().map(|line| line.bytes.len()).sum();
        let outcomes = if size < LARGE {
            work.apply(call.app, &body, slice)?
        } else {
            work.apply_on_workers(call.app, &body, slice).await?
        };
        for (line, outcome) in slice.iter().zip(outcomes) {
            add(&mut reply, line.index, outcome);
        }
        tokio::task::yield_now().await;
    }
    if !is_rehearsal {
        call.app.engine.durable().await?;
    }
    reply.ids_not_normalised = Some(work.odd_ids()).filter(|odd| *odd > 0);
    reply.effects = work.effects.map(described);
    ops::json(&call, &reply)
}

/// Makes an id another name of a user. Answers when the merge is durable.
pub(super) async fn merge(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    let vocabulary = &call.generation.config.vocabulary;
    let MergeRequest { from, into } = diagnose::merge(&body, vocabulary)?;
    let merged = if from == into {
        Merged::Before
    } else {
        call.app.engine.merge(&from, &into)?
    };
    match merged {
        Merged::Now | Merged::Before => {}
        Merged::Unknown => return Err(ops::no_entity()),
        Merged::Elsewhere => {
            let detail = "`from` is another name of some other user";
            return Err(Problem::new(Cause::Conflict, detail));
        }
        Merged::Full => {
            let detail = format!("the user would have more than {MAX_NAMES} other names");
            return Err(Problem::new(Cause::Conflict, detail));
        }
    }
    call.app.engine.durable().await?;
    let (from, into) = (&*from, &*into);
    ops::json(&call, &MergeReply { from, into })
}

/// How the lines of a body are applied.
struct Lines {
    operation: Operation,
    is_rehearsal: bool,
    /// Number of faults that the answer may still list.
    room: usize,
    /// The effects of the lines so far, if the answer has them.
    effects: Option<Effects>,
    /// Number of new ids that are not in Unicode normal form NFC in the lines so far.
    odd_ids: u64,
}

impl Lines {
    /// Applies some lines of a body.
    fn apply(&mut self, app: &App, body: &[u8], slice: &[Line]) -> Result<Vec<Fate>, Broken> {
        let texts: Vec<&[u8]> = slice.iter().map(|line| &body[line.bytes.clone()]).collect();
        let (engine, effects, room) = (&app.engine, self.effects.as_mut(), &mut self.room);
        let Applied { fates, odd_ids } = match effects {
            Some(effects) if self.is_rehearsal => {
                return Ok(engine.rehearse(self.operation, &texts, room, effects));
            }
            effects => engine.ingest_within(self.operation, &texts, room, effects)?,
        };
        self.odd_ids += odd_ids;
        Ok(fates)
    }

    /// Returns the number of new ids that are not in NFC.
    fn odd_ids(&self) -> u64 {
        match &self.effects {
            Some(effects) if self.is_rehearsal => effects.odd_ids.len() as u64,
            _ => self.odd_ids,
        }
    }

    /// Applies some long lines of a body on the workers.
    async fn apply_on_workers(
        &mut self,
        app: &Arc<App>,
        body: &Bytes,
        slice: &[Line],
    ) -> Result<Vec<Fate>, Problem> {
        let (owned, body, slice) = (Arc::clone(app), body.clone(), slice.to_vec());
        let mut lines = Self {
            effects: self.effects.take(),
            ..*self
        };
        let work = move |_: &Wanted| {
            let fates = lines.apply(&owned, &body, &slice);
            (fates, lines)
        };
        let (fates, lines) = app.engine.on_workers(work).await;
        *self = lines;
        Ok(fates?)
    }
}

/// Returns effects as they are written.
fn described(effects: Effects) -> view::Effects {
    let names = EventKind::NAMES.into_iter().zip(effects.events);
    let kinds = names.filter(|(_, (events, _))| *events > 0);
    let fields = effects.emptied_fields.into_iter();
    view::Effects {
        created: effects.created,
        changed: effects.changed,
        unchanged: effects.unchanged,
        emptied: effects.emptied,
        emptied_fields: fields
            .map(|(field, entities)| view::EmptiedField { field, entities })
            .collect(),
        kinds: kinds
            .map(|(kind, (events, money))| view::KindOfEvents {
                kind,
                events,
                money,
            })
            .collect(),
        first: effects.times.map(|(first, _)| first),
        last: effects.times.map(|(_, last)| last),
        new_users: effects.new_users.len(),
        unknown_items: effects.unknown_items,
    }
}

/// Splits a body according to its content type. JSON is the default.
async fn cut(
    app: &App,
    media: Option<Media>,
    body: Bytes,
    limits: Limits,
) -> Result<Vec<Line>, Problem> {
    let cut = match media {
        Some(Media::Lines) => lines,
        Some(Media::Json) | None => elements,
    };
    if body.len() < LARGE {
        return cut(&body, &limits);
    }
    app.engine.on_workers(move |_| cut(&body, &limits)).await
}

/// Splits a body at its line ends and skips blank lines. The last line needs no line end.
fn lines(body: &[u8], limits: &Limits) -> Result<Vec<Line>, Problem> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, text) in body.split_inclusive(|byte| *byte == b'\n').enumerate() {
        check_count(index + 1, limits)?;
        let bytes = start..start + text.len();
        start = bytes.end;
        if !text.trim_ascii().is_empty() {
            lines.push(Line { index, bytes });
        }
    }
    Ok(lines)
}

/// Splits an array into its elements.
fn elements(body: &[u8], limits: &Limits) -> Result<Vec<Line>, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| diagnose::not_utf8())?;
    diagnose::syntax(text).map_err(Problem::not_json)?;
    let limit = limits.lines;
    let mut lines = Vec::new();
    let count = diagnose::elements(text, |index, element| {
        if index < limit {
            let element = element.get();
            let start = element.as_ptr().addr() - text.as_ptr().addr();
            let bytes = start..start + element.len();
            lines.push(Line { index, bytes });
        }
    });
    let not_a_list = || Problem::invalid(vec![Fault::new("", "must be an array")]);
    check_count(count.ok_or_else(not_a_list)?, limits)?;
    Ok(lines)
}

/// Checks the number of lines or elements of a body.
fn check_count(count: usize, limits: &Limits) -> Result<(), Problem> {
    if count <= limits.lines {
        return Ok(());
    }
    let message = format!(
        "must have at most {} lines or elements{}",
        limits.lines,
        LINES.named()
    );
    Err(Problem::invalid(vec![Fault::new("", message)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocator::linear::assert_linear;

    fn texts(
        body: &str,
        cut: impl Fn(&[u8], &Limits) -> Result<Vec<Line>, Problem>,
    ) -> Vec<(usize, String)> {
        let lines = cut(body.as_bytes(), &Limits::default()).unwrap();
        let text = |line: Line| (line.index, body[line.bytes].trim().to_owned());
        lines.into_iter().map(text).collect()
    }

    fn owned(lines: &[(usize, &str)]) -> Vec<(usize, String)> {
        lines
            .iter()
            .map(|(index, text)| (*index, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn blank_lines_count_but_are_skipped() {
        let expected = owned(&[(0, "{}"), (3, "[1]"), (4, "x")]);
        assert_eq!(texts("{}\r\n\n  \n[1]\nx", lines), expected);
        assert_eq!(texts("{}\r\n\n  \n[1]\nx\n", lines), expected);
        assert_eq!(texts("", lines), []);
        assert_eq!(texts("\n", lines), []);
    }

    #[test]
    fn elements_keep_their_text() {
        let body = " [ {\"a\": [1, \"]\"]} ,\n1e999, \"x\" ] ";
        let expected = owned(&[(0, "{\"a\": [1, \"]\"]}"), (1, "1e999"), (2, "\"x\"")]);
        assert_eq!(texts(body, elements), expected);
        assert_eq!(texts("[]", elements), []);
    }

    #[test]
    fn a_body_without_array_is_rejected() {
        let status = |body: &[u8]| {
            elements(body, &Limits::default())
                .unwrap_err()
                .cause
                .row()
                .status
        };
        assert_eq!(status(b""), 400);
        assert_eq!(status(b"[{}"), 400);
        assert_eq!(status(b"[{}]{}"), 400);
        assert_eq!(status(b"[\"\xff\"]"), 400);
        assert_eq!(status(b"{}"), 422);
        assert_eq!(status(b"1"), 422);
    }

    #[test]
    fn too_many_lines_are_rejected_as_a_whole() {
        let limits = Limits {
            lines: 2,
            ..Limits::default()
        };
        assert!(lines(b"1\n2\n", &limits).is_ok());
        assert!(lines(b"1\n2\n\n", &limits).is_err());
        assert!(elements(b"[1,2]", &limits).is_ok());
        let problem = elements(b"[1,2,3]", &limits).unwrap_err();
        assert!(problem.detail.contains("limits.lines"));
    }

    #[test]
    fn splitting_a_body_takes_linear_time() {
        let limits = Limits::default();
        type Cut = fn(&[u8], &Limits) -> Result<Vec<Line>, Problem>;
        let cases: [(&str, Cut, &str, &str, &str); 4] = [
            ("lines", lines, "", "{}\n", ""),
            ("blank lines", lines, "", "\n", ""),
            ("elements", elements, "[", "{},", "1]"),
            ("broken elements", elements, "[", "1,", "]"),
        ];
        for (what, cut, start, part, end) in cases {
            let body = |count| format!("{start}{}{end}", part.repeat(count));
            assert_linear(what, 40_000, body, |body| {
                drop(cut(body.as_bytes(), &limits))
            });
        }
    }
}
