//! Proposes a map by the names of the columns and their first values.

use std::fmt::Write;

use super::column::{Numbers, numbers, words};
use super::find::{Found, find, find_near};
use super::sample::{Column, Sample};
use super::source::{Line, line, note, rating, sales};
use super::words::{
    AT, CATALOGUE, EVENT, ITEM, Known, MENTIONED, MERCHANT, PERSON, PRICE, RATING, SHOP, STATUS,
    USER, kind,
};

/// Maximum bytes of a file's name in a prefix of ids.
const PREFIX: usize = 40;

/// A section of the map.
struct Section {
    target: &'static str,
    /// What the user should know of the section.
    comment: &'static str,
    lines: Vec<Line>,
}

/// A map in progress.
struct Proposal<'s> {
    sample: &'s Sample,
    style: Numbers,
    /// The columns that a section uses.
    used: Vec<&'s str>,
    sections: Vec<Section>,
}

/// Returns the map that is proposed for a file.
pub(super) fn map(sample: &Sample, file: &str) -> String {
    let mut proposal = Proposal {
        sample,
        style: Numbers::default(),
        used: Vec::new(),
        sections: Vec::new(),
    };
    let has = |names: &str| find(sample, names, &[]).is_some();
    if find_near(sample, USER, &[]).is_some() && find_near(sample, AT, &[]).is_some() {
        proposal.events(&prefix(file));
    } else if let Some(lines) = headless(sample, &prefix(file)) {
        proposal.headless(lines);
    } else if !has(ITEM) && has(MERCHANT) {
        proposal.entity("merchants", &SHOP);
    } else if !has(ITEM) && has(USER) {
        proposal.entity("users", &PERSON);
    } else {
        proposal.entity("items", &CATALOGUE);
    }
    proposal.text(file)
}

impl<'s> Proposal<'s> {
    /// Adds a section of entities.
    fn entity(&mut self, target: &'static str, fields: &[Known]) {
        let mut lines = self.lines(fields);
        if lines.iter().all(|line| line.field != "id") {
            lines.insert(
                0,
                Line::new("id", "\"…\"", "unsure: which column is the id?"),
            );
        }
        self.sections.push(Section {
            target,
            comment: "",
            lines,
        });
    }

    /// Adds the section of events without names of columns.
    fn headless(&mut self, lines: Vec<Line>) {
        self.sections.push(Section {
            target: "events",
            comment: "",
            lines,
        });
    }

    /// Returns the lines of the fields that have a column. Two fields never have the same one.
    fn lines(&mut self, fields: &[Known]) -> Vec<Line> {
        let (mut lines, mut used) = (Vec::new(), Vec::new());
        for known in fields {
            if let Some(found) = of(self.sample, known, &used) {
                used.push(&found.column.name);
                lines.push(line(known.field, found, &mut self.style));
            }
        }
        self.used.extend(used);
        lines
    }

    /// Adds the section of events, and one of the items that they tell something of.
    fn events(&mut self, prefix: &str) {
        let (mut lines, mut used) = (Vec::new(), Vec::new());
        for known in &EVENT {
            // The price of one piece is not the money of the event.
            let piece = find(self.sample, PRICE, &used);
            let mut taken = used.clone();
            if known.field == "amount" {
                taken.extend(piece.map(|found| found.column.name.as_str()));
            }
            match of(self.sample, known, &taken) {
                Some(found) => {
                    used.push(&found.column.name);
                    lines.push(line(known.field, found, &mut self.style));
                }
                None => lines.extend(self.missing(known.field, &mut used, prefix)),
            }
        }
        self.money(&mut lines, &mut used);
        self.identify(&mut lines, prefix);
        let status = find(self.sample, STATUS, &used);
        if let Some(found) = status.filter(|_| is_sale(&lines)) {
            used.push(&found.column.name);
            lines.insert(0, sales(found.column));
        }
        self.used.extend(used);
        self.mentioned(&lines);
        self.sections.push(Section {
            target: "events",
            comment: "",
            lines,
        });
    }

    /// Returns the line of a field that an event needs and no column gives.
    fn missing(&self, field: &'static str, used: &mut Vec<&'s str>, prefix: &str) -> Option<Line> {
        match field {
            "kind" => Some(match find(self.sample, RATING, used) {
                Some(found) => {
                    used.push(&found.column.name);
                    rating(found.column)
                }
                None => Line::new(
                    "kind",
                    "{ constant = \"purchase\" }",
                    "unsure: what do these rows tell?",
                ),
            }),
            "id" => Some(by_row(prefix)),
            "item_id" if find(self.sample, MERCHANT, used).is_none() => Some(Line::new(
                "item_id",
                "\"…\"",
                "unsure: which column names the item?",
            )),
            _ => None,
        }
    }

    /// Makes the amount of the price of a piece and the pieces, if no column is the amount.
    fn money(&mut self, lines: &mut Vec<Line>, used: &mut Vec<&'s str>) {
        let has = |field: &str| lines.iter().any(|line| line.field == field);
        if has("amount") || !is_sale(lines) {
            return;
        }
        let Some(price) = find(self.sample, PRICE, used) else {
            return;
        };
        if let Some(found) = numbers(price.column) {
            note(&mut self.style, found);
        }
        used.push(&price.column.name);
        let one = format!("number(row[{:?}])", price.column.name);
        let quantity = EVENT.iter().find(|known| known.field == "quantity");
        let quantity = quantity.and_then(|known| find(self.sample, known.names, &[]));
        let source = match quantity {
            Some(quantity) => format!("{one} * number(row[{:?}])", quantity.column.name),
            None => one,
        };
        let comment = "unsure: is this the price of one piece?";
        lines.push(Line::new(
            "amount",
            format!("{{ cel = '{source}' }}"),
            comment,
        ));
    }

    /// Takes the order together with the item as id if an order has several rows.
    fn identify(&self, lines: &mut [Line], prefix: &str) {
        let column = |names: &str| find_near(self.sample, names, &[]).map(|found| found.column);
        let names = EVENT.iter().find(|known| known.field == "id");
        let (id, item) = (names.and_then(|known| column(known.names)), column(ITEM));
        let Some(line) = lines.iter_mut().find(|line| line.field == "id") else {
            return;
        };
        let repeats = |id: &&Column| id.values.len() > words(id).len();
        let Some(id) = id.filter(|id| repeats(id) || is_order(&id.name)) else {
            return;
        };
        *line = match item.filter(|item| are_pairs(id, item)) {
            Some(item) => Line::new(
                "id",
                format!(
                    "{{ columns = [{:?}, {:?}], join = \"-\" }}",
                    id.name, item.name
                ),
                "one order may have several rows",
            ),
            None => by_row(prefix),
        };
    }

    /// Adds a section of the items that rows of events name, if they say more of them than their ids.
    fn mentioned(&mut self, events: &[Line]) {
        let Some(item) = events.iter().find(|line| line.field == "item_id") else {
            return;
        };
        let id = Line::new("id", item.source.clone(), "");
        let mut lines = self.lines(&MENTIONED);
        lines.retain(|line| !line.comment.contains("is it this column"));
        if item.source.contains('…') || lines.iter().all(|line| line.field == "merchant_id") {
            return;
        }
        lines.insert(0, id);
        self.sections.push(Section {
            target: "items",
            comment: "# Leave this section out if your catalogue comes from another file: it would replace what that file declares.\n",
            lines,
        });
    }

    fn text(&self, file: &str) -> String {
        let mut map = format!(
            "# Proposed by `saima import --guess`. Read it, and mend what is unsure.\n#\n#   saima import --map map.toml {file}\n"
        );
        settings(&mut map, self.sample, &self.style);
        for section in &self.sections {
            let _ = write!(map, "\n{}[{}]\n", section.comment, section.target);
            for Line {
                field,
                source,
                comment,
            } in &section.lines
            {
                let comment = if comment.is_empty() {
                    String::new()
                } else {
                    format!(" # {comment}")
                };
                let _ = writeln!(map, "{field} = {source}{comment}");
            }
        }
        let unused = |column: &&Column| !self.used.contains(&column.name.as_str());
        let columns = self.sample.columns.iter().filter(unused);
        let unused: Vec<String> = columns.map(|column| format!("{:?}", column.name)).collect();
        if !unused.is_empty() {
            let _ = writeln!(map, "# not used: {}", unused.join(", "));
        }
        // Who writes GB 18030 rarely has clocks of UTC.
        let is_chinese = |(_, value, _): &(&str, String, &str)| value.contains("gb18030");
        if self.sample.settings.iter().any(is_chinese) {
            return map.replace("\"+00:00\"", "\"+08:00\"");
        }
        map
    }
}

fn by_row(prefix: &str) -> Line {
    Line::new(
        "id",
        format!("{{ row = true, prefix = {prefix:?} }}"),
        "the number of the row: the same files count once; give other files another prefix",
    )
}

/// Returns a prefix for the ids of a file: its name.
fn prefix(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.split('.').next().unwrap_or(name);
    format!("{}-", &name[..name.floor_char_boundary(PREFIX)])
}

/// Returns the column of a field. Names that often are a part of others must be whole.
fn of<'s>(sample: &'s Sample, known: &Known, used: &[&str]) -> Option<Found<'s>> {
    if ["kind", "merchant_id", "price", "region", "name"].contains(&known.field) {
        return find(sample, known.names, used);
    }
    find_near(sample, known.names, used)
}

/// Returns true if a column names an order, of which there may be several rows.
fn is_order(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = ["order", "invoice", "bestell", "订单"];
    words.iter().any(|word| name.contains(word)) && !name.contains("item") && !name.contains("line")
}

/// Returns the lines of events without names of columns: one has words for kinds, one times since 1970.
fn headless(sample: &Sample, prefix: &str) -> Option<Vec<Line>> {
    if sample
        .columns
        .iter()
        .any(|column| column.name.parse::<u32>().is_err())
    {
        return None;
    }
    let is_kind = |column: &&Column| words(column).iter().all(|word| kind(word).is_some());
    let is_time = |column: &&Column| {
        let mut values = column.values.iter();
        values.all(|value| matches!(value.len(), 10 | 13) && value.parse::<u64>().is_ok())
    };
    let given = || {
        sample
            .columns
            .iter()
            .filter(|column| !column.values.is_empty())
    };
    let (kind, at) = (given().find(is_kind)?, given().rev().find(is_time)?);
    let mut others = given().filter(|column| column.name != kind.name && column.name != at.name);
    let (user, item) = (others.next()?, others.next()?);
    let mut style = Numbers::default();
    let mut line = |field, column, sure| line(field, Found { column, sure }, &mut style);
    Some(vec![
        line("user_id", user, false),
        line("item_id", item, false),
        line("kind", kind, true),
        line("at", at, true),
        by_row(prefix),
    ])
}

/// Returns true if every event is a purchase.
fn is_sale(lines: &[Line]) -> bool {
    let kind = lines.iter().find(|line| line.field == "kind");
    kind.is_some_and(|line| line.source.starts_with("{ constant"))
}

/// Returns true if no two rows have the same value of both columns.
fn are_pairs(one: &Column, other: &Column) -> bool {
    let pairs: Vec<_> = one.values.iter().zip(&other.values).collect();
    let different: std::collections::BTreeSet<_> = pairs.iter().collect();
    one.values.len() == other.values.len() && different.len() == pairs.len()
}

fn settings(map: &mut String, sample: &Sample, style: &Numbers) {
    let mut lines: Vec<String> = Vec::new();
    for (key, value, comment) in &sample.settings {
        let comment = if comment.is_empty() {
            String::new()
        } else {
            format!(" # {comment}")
        };
        lines.push(format!("{key} = {value}{comment}"));
    }
    lines.extend(style.decimal.map(|mark| format!("decimal = \"{mark}\"")));
    lines.extend(
        style
            .thousands
            .map(|mark| format!("thousands = \"{mark}\"")),
    );
    if !style.currency.is_empty() {
        lines.push(format!("currency = {:?}", style.currency));
    }
    if !lines.is_empty() {
        let _ = writeln!(map, "\n[file]\n{}", lines.join("\n"));
    }
}
