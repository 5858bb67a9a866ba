//! `[decisions]`: how much of the decisions of rankings is logged.

use serde::Serialize;
use serde_json::{Value, json};

use super::section::Section;

/// Settings of the decision log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// Requests in a million that are logged whole.
    pub whole: u32,
    /// Requests in a million of which at least what was shown is logged.
    pub thin: u32,
    /// How users are named.
    pub users: LoggedUsers,
    /// Maximum number of bytes of records that wait for the disk.
    pub queue_bytes: usize,
    /// Maximum number of bytes of the newest whole records in memory.
    pub memory_bytes: usize,
    /// Bytes from which a file is followed by the next one.
    pub file_bytes: u64,
    /// Maximum number of bytes of all files.
    pub disk_bytes: u64,
    /// Days that a file is kept.
    pub days: u32,
}

/// How users are named in the decision log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LoggedUsers {
    /// By a digest of the id under a secret salt.
    Pseudonym,
    /// Not at all.
    None,
}

/// Number of parts that shares are counted in.
const PARTS: f64 = 1e6;

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Decisions {
    let users = [
        ("pseudonym", LoggedUsers::Pseudonym),
        ("none", LoggedUsers::None),
    ];
    Decisions {
        whole: share(s, "whole"),
        thin: share(s, "thin"),
        users: s.choice("users", &users, LoggedUsers::Pseudonym),
        queue_bytes: s.integer("queue_bytes", 65_536..=1_073_741_824),
        memory_bytes: s.integer("memory_bytes", 0..=17_179_869_184),
        file_bytes: s.integer("file_bytes", 1_048_576..=4_294_967_296),
        disk_bytes: s.integer("disk_bytes", 1_048_576..=1_000_000_000_000_000),
        days: s.integer("days", 1..=3_650),
    }
}

/// Reads a share in steps of a millionth.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rounded number from 0 to a million"
)]
fn share(s: &Section<'_>, key: &str) -> u32 {
    (s.number(key, 0.0..=1.0) * PARTS).round() as u32
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(decisions: &Decisions) -> Value {
    let share = |parts: u32| f64::from(parts) / PARTS;
    json!({
        "whole": share(decisions.whole),
        "thin": share(decisions.thin),
        "users": decisions.users,
        "queue_bytes": decisions.queue_bytes,
        "memory_bytes": decisions.memory_bytes,
        "file_bytes": decisions.file_bytes,
        "disk_bytes": decisions.disk_bytes,
        "days": decisions.days,
    })
}
