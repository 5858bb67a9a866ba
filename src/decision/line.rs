//! A record as a line of JSON, as serde reads it. What most records have is written piece by piece, the rest by the general serializer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::column::Column;
use super::record::{Groups, Inputs, Record, TagColumns, Whole};
use crate::json::{count, list, member, object, string, strings, whole};

impl Record {
    /// Appends the record to some bytes, as JSON without a line break.
    pub fn write(&self, out: &mut Vec<u8>) {
        whole(out, "{\"v\":", self.v.into());
        other(out, ",\"at\":", &self.at);
        other(out, ",\"as_of\":", &self.as_of);
        member(out, ",\"request_id\":", &self.request_id);
        optional(out, ",\"user\":", self.user.as_ref());
        member(out, ",\"scene\":", &self.scene);
        whole(out, ",\"generation\":", self.generation);
        whole(out, ",\"standings\":", self.standings);
        count(out, ",\"limit\":", self.limit);
        if !self.arms.is_empty() {
            object(out, ",\"arms\":", &self.arms, |out, arm| string(out, arm));
        }
        flag(out, ",\"forced\":true", self.forced);
        optional(out, ",\"region\":", self.region.as_ref());
        optional(out, ",\"device\":", self.device.as_ref());
        count(out, ",\"candidates\":", self.candidates);
        count(out, ",\"unknown\":", self.unknown);
        if !self.dropped.is_empty() {
            counts(out, ",\"dropped\":", &self.dropped);
        }
        list(out, ",\"shown\":", &self.shown, |out, (id, score)| {
            member(out, "[", id);
            other(out, ",", score);
            out.push(b']');
        });
        if !self.moves.is_empty() {
            list(
                out,
                ",\"moves\":",
                &self.moves,
                |out, (own, place, rule)| {
                    count(out, "[", *own);
                    count(out, ",", *place);
                    member(out, ",", rule);
                    out.push(b']');
                },
            );
        }
        whole(out, ",\"micros\":", self.micros);
        if let Some(whole) = &self.whole {
            whole.write(out);
        }
        out.push(b'}');
    }
}

impl Whole {
    fn write(&self, out: &mut Vec<u8>) {
        strings(out, ",\"ids\":", &self.ids);
        other(out, ",\"audiences\":", &self.audiences);
        object(out, ",\"values\":", &self.values, |out, it| it.write(out));
        counts(out, ",\"missing\":", &self.missing);
        if !self.predictions.is_empty() {
            let numbers = &self.predictions;
            object(out, ",\"predictions\":", numbers, |out, it| it.write(out));
        }
        self.inputs.write(out);
    }
}

impl Inputs {
    fn write(&self, out: &mut Vec<u8>) {
        count(out, ",\"inputs\":{\"start\":", self.start);
        other(out, ",\"anew\":", &self.anew);
        other(out, ",\"limited\":", &self.limited);
        member(out, ",\"lot\":", &self.lot);
        column(out, ",\"integrity\":", &self.integrity);
        column(out, ",\"aversion\":", &self.aversion);
        unless(out, ",\"level\":", &self.level, self.level.is_empty());
        self.merchant.write(out, ",\"merchant\":{");
        self.category.write(out, ",\"category\":{");
        self.creator.write(out, ",\"creator\":{");
        self.kind.write(out, ",\"kind\":{");
        self.lane.write(out, ",\"lane\":{");
        let selections = &self.selections;
        unless(out, ",\"selections\":", selections, selections.is_empty());
        unless(out, ",\"sights\":", &self.sights, self.sights.is_empty());
        unless(out, ",\"help\":", &self.help, self.help.is_none());
        unless(out, ",\"behind\":", &self.behind, self.behind.is_empty());
        unless(out, ",\"past\":", &self.past, self.past.is_empty());
        if let Some(tags) = &self.tags {
            tags.write(out);
        }
        out.push(b'}');
    }
}

impl Groups {
    fn write(&self, out: &mut Vec<u8>, key: &str) {
        out.extend_from_slice(key.as_bytes());
        if !self.names.is_empty() {
            strings(out, "\"names\":", &self.names);
            out.push(b',');
        }
        out.extend_from_slice(b"\"of\":");
        self.of.write(out);
        out.push(b'}');
    }
}

impl TagColumns {
    fn write(&self, out: &mut Vec<u8>) {
        column(out, ",\"tags\":{\"counts\":", &self.counts);
        column(out, ",\"tags\":", &self.tags);
        column(out, ",\"weights\":", &self.weights);
        out.push(b'}');
    }
}

fn column(out: &mut Vec<u8>, key: &str, column: &Column) {
    out.extend_from_slice(key.as_bytes());
    column.write(out);
}

fn counts(out: &mut Vec<u8>, key: &str, counts: &BTreeMap<String, usize>) {
    object(out, key, counts, |out, number| count(out, "", *number));
}

fn optional<T: AsRef<str>>(out: &mut Vec<u8>, key: &str, text: Option<T>) {
    if let Some(text) = text {
        member(out, key, text.as_ref());
    }
}

fn flag(out: &mut Vec<u8>, text: &str, is_set: bool) {
    if is_set {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Writes a value by the general serializer.
fn other<T: Serialize + ?Sized>(out: &mut Vec<u8>, key: &str, value: &T) {
    out.extend_from_slice(key.as_bytes());
    // Writing numbers, texts and lists of them to a vector does not fail.
    let _ = serde_json::to_writer(out, value);
}

/// Writes a value that few records have, unless it says nothing.
fn unless<T: Serialize>(out: &mut Vec<u8>, key: &str, value: &T, is_empty: bool) {
    if !is_empty {
        other(out, key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::{Column, Exact, Indices, Numbers};
    use super::super::record::{Help, Past, VERSION};
    use super::*;

    fn written(record: &Record) -> String {
        let mut line = Vec::new();
        record.write(&mut line);
        String::from_utf8(line).unwrap()
    }

    fn names(names: [&str; 2]) -> Vec<compact_str::CompactString> {
        names.map(Into::into).to_vec()
    }

    fn groups(name: &str) -> Groups {
        Groups {
            names: names([name, "b \"2\"\n店"]),
            of: Indices([Some(0), None, Some(1)].into()),
        }
    }

    fn each(first: f32) -> Column {
        Column::new(vec![first, f32::NAN, 0.1])
    }

    /// Returns a record in which no field has its default.
    fn full() -> Record {
        let count = |name: &str| BTreeMap::from([(name.to_owned(), 7)]);
        Record {
            v: VERSION,
            at: 1,
            as_of: -2,
            request_id: "r \"1\"".to_owned(),
            user: Some("u".to_owned()),
            scene: "feed".to_owned(),
            generation: 3,
            standings: 4,
            limit: 5,
            arms: BTreeMap::from([("growth-up".to_owned(), "more".to_owned())]),
            forced: true,
            region: Some("CN-33".to_owned()),
            device: Some("ios".to_owned()),
            candidates: 6,
            unknown: 7,
            dropped: count("cap.merchant"),
            shown: vec![("i-1".into(), 0.1), ("i \\2".into(), 1.0)],
            moves: vec![(1, 2, "slot.deal".into()), (2, 1, "displaced".into())],
            micros: 8,
            whole: Some(Whole {
                ids: vec!["i-1".into(), "i \\2".into(), "i-3".into()],
                audiences: vec!["new".to_owned()],
                values: BTreeMap::from([
                    ("quality".to_owned(), each(-0.0)),
                    ("text".to_owned(), Column::Same(0.25)),
                    ("goal".to_owned(), Column::default()),
                ]),
                missing: count("goal"),
                predictions: BTreeMap::from([(
                    "pctr".to_owned(),
                    Numbers::new(vec![0.1, f64::NAN, 1e300]),
                )]),
                inputs: inputs(),
            }),
        }
    }

    fn inputs() -> Inputs {
        let past = Past {
            known: true,
            groups: [Some(0), None, Some(1), None],
            slot: Some("deal".to_owned()),
            support: true,
            behind: Some(3),
        };
        Inputs {
            start: 9,
            anew: true,
            limited: true,
            lot: "0f".to_owned(),
            integrity: each(0.9),
            aversion: Column::Same(0.5),
            level: vec![(1, 0.75)],
            merchant: groups("m"),
            category: groups("c"),
            creator: groups("w"),
            kind: groups("k"),
            lane: groups("l"),
            selections: BTreeMap::from([("tea".to_owned(), vec![0, 2])]),
            sights: vec![(1, vec![11, 12])],
            help: Help {
                tail: Exact(0.1 + 0.2),
                support: true,
                campaigns: vec![("sale".to_owned(), Exact(0.7))],
            },
            behind: vec![(0, 5)],
            past: vec![past],
            tags: Some(TagColumns {
                counts: each(2.0),
                tags: each(3.0),
                weights: each(0.6),
            }),
        }
    }

    #[test]
    fn every_field_is_read_back() {
        let record = full();
        let read: Record = serde_json::from_str(&written(&record)).unwrap();
        assert_eq!(format!("{read:?}"), format!("{record:?}"));
    }

    #[test]
    fn a_thin_record_has_no_columns() {
        let record = Record {
            v: VERSION,
            request_id: "r-1".to_owned(),
            shown: vec![("i-1".into(), 0.5)],
            ..Record::default()
        };
        let right = r#"{"v":1,"at":0,"as_of":0,"request_id":"r-1","scene":"","generation":0,"standings":0,"limit":0,"candidates":0,"unknown":0,"shown":[["i-1",0.5]],"micros":0}"#;
        assert_eq!(written(&record), right);
        let read: Record = serde_json::from_str(right).unwrap();
        assert_eq!(format!("{read:?}"), format!("{record:?}"));
    }
}
