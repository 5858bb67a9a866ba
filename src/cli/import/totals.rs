//! The totals of an import, as a table: accepted, repeated, late, and rejected by reason.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Maximum number of reasons that are counted apart.
const REASONS: usize = 200;
/// Maximum number of reasons that are shown.
const SHOWN: usize = 20;
/// Maximum number of ids that are named.
const NAMED: usize = 10;
/// The reason of rejects beyond the bound.
const OTHERS: &str = "other reasons";

/// Counted rows.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Totals {
    pub(super) accepted: u64,
    pub(super) repeated: u64,
    pub(super) late: u64,
    pub(super) rejected: u64,
    /// Repeats whose content differs from that of the accepted event.
    #[serde(default)]
    altered: u64,
    /// The first ids of them.
    #[serde(default)]
    altered_ids: Vec<String>,
    /// New ids that are not in Unicode normal form NFC.
    #[serde(default)]
    pub(super) not_normalised: u64,
    /// Rejects by their first fault, without the values that it quotes.
    reasons: BTreeMap<String, u64>,
}

impl Totals {
    /// Counts a reason of a reject.
    pub(super) fn reason(&mut self, path: &str, message: &str) {
        let mut reason = general(path);
        if !reason.is_empty() {
            reason.push_str(": ");
        }
        reason.push_str(&general(message));
        if self.reasons.len() >= REASONS && !self.reasons.contains_key(&reason) {
            OTHERS.clone_into(&mut reason);
        }
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// Counts repeats with other content.
    pub(super) fn altered(&mut self, count: u64, ids: impl Iterator<Item = String>) {
        self.altered += count;
        let room = NAMED - self.altered_ids.len().min(NAMED);
        self.altered_ids.extend(ids.take(room));
    }

    /// Returns the ids of repeats with other content, as they are shown.
    fn named(&self) -> String {
        let more = if self.altered > NAMED as u64 {
            ", …"
        } else {
            ""
        };
        format!("{}{more}", self.altered_ids.join(", "))
    }

    /// Returns true if the reason of a reject has this part.
    pub(super) fn has_reason(&self, part: &str) -> bool {
        self.reasons.keys().any(|reason| reason.contains(part))
    }

    /// Returns the totals in one line.
    pub(super) fn line(&self) -> String {
        format!(
            "{} accepted ({} repeated, {} late), {} rejected",
            self.accepted, self.repeated, self.late, self.rejected
        )
    }
}

impl Display for Totals {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  accepted", self.accepted)?;
        writeln!(
            f,
            "{:>12}    repeated: known ids, which change nothing",
            self.repeated
        )?;
        if self.altered > 0 {
            let (count, ids) = (self.altered, self.named());
            writeln!(f, "{count:>12}      of them with other content: {ids}")?;
        }
        writeln!(f, "{:>12}    late: older than the race's window", self.late)?;
        if self.not_normalised > 0 {
            let count = self.not_normalised;
            writeln!(
                f,
                "{count:>12}    new ids not in Unicode normal form NFC: other spellings are other ids"
            )?;
        }
        writeln!(f, "{:>12}  rejected", self.rejected)?;
        let mut reasons: Vec<(&String, &u64)> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in reasons.iter().take(SHOWN) {
            writeln!(f, "{count:>12}    {reason}")?;
        }
        let rest: u64 = reasons.iter().skip(SHOWN).map(|(_, count)| **count).sum();
        if rest > 0 {
            writeln!(f, "{rest:>12}    {OTHERS}")?;
        }
        Ok(())
    }
}

/// Returns a message without quoted texts and numbers, so that equal faults of different values are one reason.
fn general(message: &str) -> String {
    let mut general = String::new();
    let (mut quoted, mut digits, mut escaped) = (false, false, false);
    for letter in message.chars() {
        if quoted {
            quoted = letter != '"' || escaped;
            escaped = letter == '\\' && !escaped;
            continue;
        }
        if letter == '"' {
            quoted = true;
            general.push('…');
        } else if !letter.is_ascii_digit() {
            general.push(letter);
        } else if !digits {
            general.push('#');
        }
        digits = letter.is_ascii_digit();
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_faults_of_different_values_are_one_reason() {
        let mut totals = Totals {
            accepted: 7,
            repeated: 2,
            late: 1,
            rejected: 3,
            ..Totals::default()
        };
        totals.reason("", "price: \"che\\\"ap\" is not a finite number");
        totals.reason("", "price: \"12 x\" is not a finite number");
        totals.reason("tags[17]", "is too long");
        assert_eq!(
            totals.to_string(),
            "           7  accepted\n           2    repeated: known ids, which change nothing\n           \
             1    late: older than the race's window\n           3  rejected\n           \
             2    price: … is not a finite number\n           1    tags[#]: is too long\n"
        );
        totals.altered(12, (0..12).map(|n| format!("e{n}")));
        totals.altered(1, std::iter::once("x".to_owned()));
        assert!(totals.to_string().contains(
            "\n          13      of them with other content: e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, …\n"
        ));
        (0..1_000).for_each(|n| totals.reason("", &"x".repeat(n)));
        assert!(totals.reasons.len() <= REASONS + 1);
    }
}
