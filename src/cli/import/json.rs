//! The objects of a file of JSON, each converted to facts by a mapping.

use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::Value as Json;

use super::bind::to_paths;
use super::cursor::Cursor;
use super::expression::at;
use super::fact::Columns;
use super::header::Header;
use super::mapping::{Mapping, Origin};
use super::rows::{Line, ReadError};
use crate::model::diagnose::syntax;

/// Values of JSON, one a line.
type Values<'n> = Box<dyn Iterator<Item = Result<Line, ReadError>> + 'n>;

/// Returns the facts that a mapping makes of values of JSON. Its columns are paths, and a path that an object lacks is an empty cell.
/// A header names the values at the top of every object, if they are known.
///
/// # Errors
/// [`ReadError::File`] if an expression has a wrong type, or a path leads nowhere.
pub(super) fn mapped<'n>(
    values: Values<'n>,
    mapping: &Mapping,
    header: Option<Header<'_>>,
    cursor: &'n Cursor,
) -> Result<impl Iterator<Item = Result<Line, ReadError>> + use<'n>, ReadError> {
    let (mapping, paths) = to_paths(mapping, header).map_err(ReadError::File)?;
    let mut objects = Objects {
        values,
        seen: optional(&mapping, paths.len()),
        lists: mapping.settings.unfold.clone().into(),
        mapping,
        paths,
        ready: VecDeque::new(),
        ended: false,
    };
    Ok(std::iter::from_fn(move || objects.next(cursor)))
}

struct Objects<'n> {
    values: Values<'n>,
    mapping: Mapping<usize>,
    /// The lists that are unfolded.
    lists: Rc<[String]>,
    /// The path of each column.
    paths: Vec<String>,
    /// True for each path that an object had, or need not have.
    seen: Vec<bool>,
    /// What is read and not returned yet.
    ready: VecDeque<Result<Line, ReadError>>,
    ended: bool,
}

impl Objects<'_> {
    fn next(&mut self, cursor: &Cursor) -> Option<Result<Line, ReadError>> {
        while self.ready.is_empty() && !self.ended {
            match self.values.next() {
                Some(Ok(line)) => self.read(&line, cursor),
                Some(Err(fault)) => self.ready.push_back(Err(fault)),
                None => {
                    self.ended = true;
                    self.ready.extend(self.unseen().map(Err));
                }
            }
        }
        self.ready.pop_front()
    }

    /// Reads one value, with its lists unfolded.
    fn read(&mut self, line: &Line, cursor: &Cursor) {
        let mut json = match object(&line.json) {
            Ok(json) => json,
            Err(fault) => return self.reject(line.number, cursor, fault),
        };
        let lists = Rc::clone(&self.lists);
        self.unfold(&mut json, &lists, line.number, cursor);
    }

    /// Makes a row of each element of a list, and of the lists in it.
    fn unfold(&mut self, json: &mut Json, lists: &[String], number: u64, cursor: &Cursor) {
        let Some((path, inner)) = lists.split_first() else {
            return self.row(json, number, cursor);
        };
        let list = slot(json, path).and_then(Json::as_array_mut);
        let elements = list.map(std::mem::take).unwrap_or_default();
        if elements.is_empty() {
            return self.row(json, number, cursor);
        }
        for element in elements {
            if let Some(slot) = slot(json, path) {
                *slot = element;
            }
            self.unfold(json, inner, number, cursor);
        }
    }

    fn row(&mut self, json: &Json, number: u64, cursor: &Cursor) {
        for (path, seen) in self.paths.iter().zip(&mut self.seen) {
            *seen = *seen || at(json, path).is_some();
        }
        let mut facts = VecDeque::new();
        let columns = Columns::Json(json, &self.paths);
        match self.mapping.facts(columns, cursor.pass(), &mut facts) {
            Ok(trimmed) => {
                cursor.count_trimmed(trimmed);
                let lines = facts.into_iter().map(|json| Ok(Line { number, json }));
                self.ready.extend(lines);
            }
            Err(message) => {
                let fault = ReadError::Row {
                    line: number,
                    message,
                };
                self.ready.push_back(Err(fault));
            }
        }
    }

    fn reject(&mut self, line: u64, cursor: &Cursor, message: String) {
        cursor.pass();
        let fault = ReadError::Row { line, message };
        self.ready.push_back(Err(fault));
    }

    /// Reports the paths that no object had.
    fn unseen(&self) -> Option<ReadError> {
        let paths = self.paths.iter().zip(&self.seen);
        let unseen: Vec<String> = paths
            .filter(|(_, seen)| !**seen)
            .map(|(path, _)| format!("{path:?}"))
            .collect();
        let message = format!("no object has {}; is it spelt right?", unseen.join(", "));
        (!unseen.is_empty()).then_some(ReadError::Note(message))
    }
}

/// Reads an object, or returns its fault.
fn object(bytes: &[u8]) -> Result<Json, String> {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(json @ Json::Object(_)) => Ok(json),
        Ok(_) => Err("is not an object".to_owned()),
        Err(fault) => Err(match std::str::from_utf8(bytes).map(syntax) {
            Ok(Err(fault)) => fault.message,
            Ok(Ok(())) => format!("not JSON: {fault}"),
            Err(_) => "not JSON: not UTF-8".to_owned(),
        }),
    }
}

/// Returns which of the paths an object need not have: all but those that are a field by themselves.
fn optional(mapping: &Mapping<usize>, paths: usize) -> Vec<bool> {
    let mut optional = vec![true; paths];
    let fields = mapping.facts.iter().flat_map(|fact| &fact.fields);
    for source in fields.flat_map(|field| &field.sources) {
        if let Origin::Columns { columns, .. } = &source.from {
            for column in columns {
                if let Some(place) = optional.get_mut(*column) {
                    *place = false;
                }
            }
        }
    }
    optional
}

/// Returns the place of a value at a dotted path.
fn slot<'j>(json: &'j mut Json, path: &str) -> Option<&'j mut Json> {
    path.split('.')
        .try_fold(json, |json, name| json.get_mut(name))
}

#[cfg(test)]
mod tests {
    use super::super::map::MapFile;
    use super::super::rows::lines;
    use super::super::values::values;
    use super::*;
    use serde_json::json;

    fn read(map: &str, text: &str) -> Vec<Result<(u64, Json), String>> {
        let map = MapFile::parse(map).unwrap();
        let target = map.targets().next().unwrap();
        let mapping = map.target(target.name()).unwrap();
        let cursor = Cursor::default();
        let read = |line: Result<Line, ReadError>| match line {
            Ok(line) => Ok((line.number, serde_json::from_slice(&line.json).unwrap())),
            Err(fault) => Err(fault.to_string()),
        };
        if text.trim_start().starts_with('[') {
            let rows = mapped(Box::new(values(text.as_bytes())), &mapping, None, &cursor);
            return rows.unwrap().map(read).collect();
        }
        let rows = mapped(Box::new(lines(text.as_bytes())), &mapping, None, &cursor);
        rows.unwrap().map(read).collect()
    }

    #[test]
    fn paths_and_lists_are_read() {
        let map = r#"
            [file]
            unfold = "properties.products"
            [events]
            id = { columns = ["messageId", "properties.products.sku"], join = "-" }
            user_id = "userId"
            item_id = { first = ["properties.products.sku", "properties.sku"] }
            kind = { column = "event", values = { "Order Completed" = "purchase", "Product Viewed" = "view" } }
            at = { column = "timestamp", type = "time" }
            amount = { cel = 'has(row.properties.products.price) ? number(row.properties.products.price) * number(row.properties.products.quantity) : null' }
        "#;
        let order = r#"{"messageId":"m1","userId":7,"event":"Order Completed","timestamp":"2026-11-20T00:00:00Z","properties":{"tags":["a"],"products":[{"sku":"s1","price":2.5,"quantity":2},{"sku":"s2","price":"3","quantity":1}]}}"#;
        let view = r#"{"messageId":"m2","userId":"u","event":"Product Viewed","timestamp":"2026-11-20T00:00:00Z","properties":{"sku":"s3"}}"#;
        let at = 1_795_132_800_000_i64 - 28_800_000;
        let at = at + 28_800_000;
        let expected = |at: i64| {
            [
                (1, json!({"id": "m1-s1", "user_id": "7", "item_id": "s1", "kind": "purchase", "at": at, "amount": 5})),
                (1, json!({"id": "m1-s2", "user_id": "7", "item_id": "s2", "kind": "purchase", "at": at, "amount": 3})),
                (2, json!({"id": "m2", "user_id": "u", "item_id": "s3", "kind": "view", "at": at})),
            ]
            .map(Ok)
        };
        let at = at - at % 86_400_000;
        assert_eq!(read(map, &format!("{order}\n{view}\n")), expected(at));
        assert_eq!(read(map, &format!("[{order},\n{view}]")), expected(at));
    }

    #[test]
    fn lists_in_lists_are_unfolded() {
        let map = "[file]\nunfold = ['b', 'b.l']\n[items]\nid = { first = ['b.l.s', 'b.s'] }\nbrand = { row = true }\ntitle = 't'";
        let text =
            r#"{"t":"x","b":[{"l":[{"s":"1"},{"s":"2"}]},{"s":"3"},{"l":[]},{"l":[{"s":"4"}]}]}"#;
        let rows: Vec<Json> = read(map, text)
            .into_iter()
            .map(|row| row.unwrap().1)
            .collect();
        let row = |id: Option<&str>, number: u8| match id {
            Some(id) => json!({"id": id, "brand": number.to_string(), "title": "x"}),
            None => json!({"brand": number.to_string(), "title": "x"}),
        };
        assert_eq!(
            rows,
            [
                row(Some("1"), 0),
                row(Some("2"), 1),
                row(Some("3"), 2),
                row(None, 3),
                row(Some("4"), 4)
            ]
        );
        for wrong in ["['a', 'b']", "['a', 'ab']", "[]", "3"] {
            let map = format!("[file]\nunfold = {wrong}\n[items]\nid = 'i'");
            let fault = MapFile::parse(&map).unwrap_err();
            assert!(fault.starts_with("file: unfold: must be a path"), "{fault}");
        }
    }

    #[test]
    fn bad_objects_are_rejected_and_numbered() {
        let map = "[items]\nid = { row = true }\ncategory = 'u'\nprice = { column = 'a', type = 'number' }";
        let rows = read(
            map,
            "{\"u\":{\"x\":1},\"a\":\"z\"}\n[1]\n{\"u\":\n{\"u\":\"v\",\"a\":1.5}\n",
        );
        let faults: Vec<_> = rows[..3]
            .iter()
            .map(|row| row.clone().unwrap_err())
            .collect();
        assert_eq!(
            faults[0],
            "line 1: category: is a list or an object; name the path of one of its values, such as a.b; price: \"z\" is not a finite number"
        );
        assert_eq!(faults[1], "line 2: is not an object");
        assert!(faults[2].starts_with("line 3: not JSON"), "{}", faults[2]);
        assert_eq!(
            rows[3],
            Ok((4, json!({"id": "3", "category": "v", "price": 1.5})))
        );
    }

    #[test]
    fn a_list_of_texts_is_a_list() {
        let rows = read(
            "[items]\nid = 'id'\ntags = 'p.tags'",
            "{\"id\":\"a\",\"p\":{\"tags\":[\"x\",\"y\"]}}\n{\"id\":\"b\",\"p\":{\"tags\":\"x\"}}\n",
        );
        assert_eq!(rows[0], Ok((1, json!({"id": "a", "tags": ["x", "y"]}))));
        assert_eq!(rows[1], Ok((2, json!({"id": "b", "tags": ["x"]}))));
    }

    #[test]
    fn a_path_that_no_object_has_is_noted() {
        let rows = read(
            "[items]\nid = 'a.b'\ncategory = 'a.c'",
            "{\"a\":{\"b\":\"x\"}}\n",
        );
        assert_eq!(
            rows[1],
            Err("no object has \"a.c\"; is it spelt right?".to_owned())
        );
    }

    #[test]
    fn numbers_of_json_are_doubles_in_expressions() {
        let mapping = |cel: &str| {
            let map = format!("[items]\nid = 'i'\nprice = {{ cel = '{cel}' }}");
            MapFile::parse(&map).unwrap().target("items").unwrap()
        };
        let fault = mapped(
            Box::new(std::iter::empty()),
            &mapping("row.a * 2"),
            None,
            &Cursor::default(),
        )
        .err()
        .unwrap()
        .to_string();
        assert!(
            fault.starts_with("price: *: numbers of JSON are doubles; write 2.0"),
            "{fault}"
        );
        let rows = read(
            "[items]\nid = 'a'\nprice = { cel = 'row.a * 2.0' }\ntags = { cel = 'row.l.map(e, e.n)' }\navailable = { cel = 'path(row, \"o.p\")' }\nbrand = { cel = 'row.q' }",
            "{\"a\":3,\"l\":[{\"n\":1},{\"n\":2}],\"o\":{\"p\":true}}",
        );
        assert_eq!(
            rows[0],
            Ok((
                1,
                json!({"id": "3", "price": 6, "tags": [1, 2], "available": true})
            ))
        );
    }
}
