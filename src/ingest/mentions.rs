//! The users whom records mention, read without parsing whole lines.

use memchr::memmem;

use super::record::user_of;
use super::{EntityKind, Evicted, Line, Operation, Record};

const KEY: &[u8] = b"\"user_id\"";

impl Record<'_> {
    /// Adds the id of every user whom [`Self::without`] would look up.
    pub fn users(&self, add: &mut dyn FnMut(&str)) {
        match self {
            Self::Lines {
                operation, lines, ..
            } => lines.iter().for_each(|line| of_line(*operation, line, add)),
            Self::Anonymised { lines, .. } => lines.iter().for_each(|line| {
                if let Line::Whole(line) = line {
                    of_line(Operation::Events, line, add);
                }
            }),
            Self::Deletion {
                kind: EntityKind::User,
                id,
                ..
            } => add(id),
            Self::Eviction { users, .. } => users.iter().for_each(|user| {
                if let Evicted::Named(id) = user {
                    add(id);
                }
            }),
            Self::Merge { from, into, .. } => {
                add(from);
                add(into);
            }
            Self::Forgetting { ids, .. } => ids.iter().for_each(|id| add(id)),
            Self::Trial(step) => step.users(add),
            Self::Placed { .. }
            | Self::Ladder { .. }
            | Self::Creator { .. }
            | Self::Pace(_)
            | Self::Usual { .. } => {}
            Self::Deletion { .. } | Self::Departure { .. } | Self::Terms(_) | Self::Lost => {}
        }
    }
}

fn of_line(operation: Operation, line: &str, add: &mut dyn FnMut(&str)) {
    match plain(operation, line) {
        Some(id) => add(id),
        None => user_of(operation, line).iter().for_each(|id| add(id)),
    }
}

/// Returns the user of an event whose line names one only once and as a text without escapes, as nearly all do.
fn plain(operation: Operation, line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    if operation != Operation::Events || memchr::memchr(b'\\', bytes).is_some() {
        return None;
    }
    let at = memmem::find(bytes, KEY)?;
    let rest = line.get(at + KEY.len()..)?;
    if memmem::find(rest.as_bytes(), KEY).is_some() {
        return None;
    }
    let value = rest.trim_ascii_start().strip_prefix(':')?;
    let (id, _) = value
        .trim_ascii_start()
        .strip_prefix('"')?
        .split_once('"')?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_reader_agrees_with_the_slow_one() {
        let lines = [
            r#"{"user_id":"u1","kind":"view"}"#,
            r#"{"kind":"view", "user_id" : "u 1" }"#,
            r#"{"scene":"user_id","user_id":"u2"}"#,
            r#"{"user_id":17}"#,
            r#"{"user_id":1.7e1}"#,
            r#"{"user_id":"a\u0062"}"#,
            r#"{"user\u005fid":"u3"}"#,
            r#"{"x":"user_id"}"#,
            r#"{"user_id":"玻尿酸"}"#,
        ];
        for line in lines {
            let mut found = Vec::new();
            of_line(Operation::Events, line, &mut |id| found.push(id.to_owned()));
            let right: Vec<String> = user_of(Operation::Events, line).into_iter().collect();
            assert_eq!(found, right, "{line}");
        }
    }
}
