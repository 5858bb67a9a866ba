//! The mapping of the columns of a table to the fields of a fact: the TOML of `--map`.
//!
//! There is one section per target (`[items]`, `[events]` …). It lists the fields of the fact with the sources of their values:
//!
//! ```toml
//! [items]
//! category = "department"                                        # the column of that name
//! id       = { column = "sku", prefix = "i" }                    # the text of the column after "i"
//! title    = { columns = ["name", "size"], join = " " }          # several columns as one text
//! price    = { column = "price", type = "number", default = 0 }  # text · number · integer · bool · time
//! tags     = [{ column = "labels", split = "|" }, { column = "colour", prefix = "colour:" }]
//! kind     = { constant = "product" }
//! merchant_id = { first = ["seller", "shop"] }                   # the first that is not empty
//!
//! [events]
//! id       = { row = true, prefix = "e" }                        # the number of the row, from 0, through all files
//! kind     = { column = "action", values = { buy = "purchase", pv = "view" }, else = "click" }
//! at       = { column = "when", type = "time", format = "%Y-%m-%d %H:%M:%S", offset = "+08:00" }
//! ```
//!
//! The section `[file]` says how the text of a table is read: separator, encoding, header, style of numbers.
//!
//! An empty cell means the default, or no value. Columns that no field names are ignored. A field whose column is missing in the table
//! is an error, so that a renamed column is noticed before anything is sent.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::fields;
use super::mapping::Mapping;
use super::settings::{Names, Settings};
use super::target::Target;
use super::written;
use crate::spelling::unknown;

/// The section that says how the text of a table is read.
const FILE: &str = "file";

/// The sections of a map file.
#[derive(Clone, Debug, PartialEq)]
pub struct MapFile(BTreeMap<Target, Mapping>);

impl MapFile {
    /// Reads the text of a map file.
    ///
    /// # Errors
    /// A message with the line if the text is not TOML; else every fault with its field, one per line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text
            .parse()
            .map_err(|fault: toml::de::Error| fault.to_string())?;
        let (mut sections, mut faults) = (BTreeMap::new(), Vec::new());
        let none = Table::new();
        let file = table.get(FILE).map_or(Some(&none), Value::as_table);
        let settings = Settings::read(file.unwrap_or(&none)).unwrap_or_else(|found| {
            faults.extend(found);
            Settings::default()
        });
        for (name, value) in &table {
            if name == FILE && file.is_some() {
                continue;
            }
            let Some(target) = Target::of(name) else {
                faults.push(format!("{name}: {}", unknown_section(name)));
                continue;
            };
            match section(target, value, &settings) {
                Ok(mapping) => drop(sections.insert(target, mapping)),
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() {
            Ok(Self(sections))
        } else {
            Err(faults.join("\n"))
        }
    }

    /// Returns the sections that find all their columns, at least `least` of them, in a file that names them.
    pub(super) fn reading(&self, least: usize, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
        let fits = |mapping: &&Mapping| {
            let needs: Vec<&[String]> = mapping.needs().collect();
            let has = |columns: &&[String]| columns.iter().any(|column| has(column));
            mapping.settings.header == Names::Row && needs.len() >= least && needs.iter().all(has)
        };
        let fitting = self.0.values().filter(fits);
        fitting.map(|mapping| mapping.target.name()).collect()
    }

    /// Returns the mapping of one target.
    ///
    /// # Errors
    /// If the map has no such section.
    pub fn target(&self, target: &str) -> Result<Mapping, String> {
        let section = Target::of(target).and_then(|target| self.0.get(&target).cloned());
        section.ok_or_else(|| format!("the map has no section [{target}]"))
    }

    /// Returns the kinds of facts that the map makes, in the order of sending.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> {
        self.0.keys().copied()
    }
}

/// Reads a section, of which there may be several tables.
///
/// # Errors
/// Every fault.
fn section(target: Target, value: &Value, settings: &Settings) -> Result<Mapping, Vec<String>> {
    let name = target.name();
    let tables = tables(value).ok_or_else(|| vec![format!("{name}: must be a section")])?;
    let (mut facts, mut faults) = (Vec::new(), Vec::new());
    for table in tables {
        let (mut fact, mut found) = written::section(table, settings);
        let given: Vec<&str> = table.keys().map(String::as_str).collect();
        found.extend(fields::names(target, &given));
        found.extend(fields::types(target, &fact));
        fields::complete(target, &mut fact);
        faults.extend(found.iter().map(|fault| format!("{name}.{fault}")));
        facts.push(fact);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Mapping {
        target,
        settings: settings.clone(),
        facts,
    })
}

fn unknown_section(name: &str) -> String {
    if name == FILE {
        "must be a section".to_owned()
    } else if Settings::KEYS.contains(&name) {
        format!("belongs in the section [{FILE}]")
    } else {
        let known = Target::ALL.into_iter().map(Target::name);
        unknown("section", name, known.chain([FILE]))
    }
}

/// Returns the tables of a section, of which there may be several: each makes a fact of a row.
fn tables(section: &Value) -> Option<Vec<&Table>> {
    if let Some(table) = section.as_table() {
        return Some(vec![table]);
    }
    let list = section.as_array().filter(|list| !list.is_empty())?;
    list.iter().map(Value::as_table).collect()
}

#[cfg(test)]
mod tests {
    use super::super::bind::to_table;
    use super::super::header::Header;
    use super::*;

    fn fault(text: &str) -> String {
        MapFile::parse(text)
            .and_then(|map| map.target("items"))
            .unwrap_err()
    }

    #[test]
    fn every_fault_names_its_field() {
        let reported = fault(
            "[items]\na = { column = 'x', row = true }\nb = { column = 'x', type = 'money' }\n\
             c = { colum = 'x' }\ntitle = 'fine'\ne = { column = 'x', format = '%Y' }\nf = { constant = [1] }\n\
             g = { column = 'x', type = 'time', format = 'iso' }\nh = { column = 'x', type = 'number', prefix = 'p' }\n\
             i = 3\nj = { columns = [] }\nk = { column = 'x', split = '' }\n",
        );
        for name in [
            "a: give exactly",
            "b: unknown type",
            "c: colum: unknown key",
            "e: format and",
            "f: constant: must",
            "g: unknown format",
            "h: prefix",
            "i: ",
            "j: columns: must",
            "k: split",
        ] {
            assert!(
                reported.contains(&format!("items.{name}")),
                "{name} in {reported}"
            );
        }
        assert!(!reported.contains("items.title"), "{reported}");
    }

    #[test]
    fn a_pattern_without_offset_is_a_fault() {
        let reported =
            fault("[items]\nlisted_at = { column = 'x', type = 'time', format = '%Y-%m-%d' }");
        assert!(
            reported.starts_with("items.listed_at: format: the text has no offset"),
            "{reported}"
        );
    }

    #[test]
    fn the_section_file_is_checked() {
        let reported = fault(
            "[file]\nseparator = '::'\nencoding = 'klingon'\nheader = []\nskip = -1\ndecimal = ';'\nthousands = '.'\nnul = ''\n\
             [items]\nid = 3",
        );
        for name in [
            "separator",
            "encoding",
            "header",
            "skip",
            "decimal",
            "thousands and",
            "nul: unknown key",
        ] {
            assert!(
                reported.contains(&format!("file: {name}")),
                "{name} in {reported}"
            );
        }
        assert!(reported.contains("items.id: "), "{reported}");
        assert_eq!(
            fault("file = 1\n[items]\nid = 'x'"),
            "file: must be a section"
        );
    }

    #[test]
    fn values_are_checked() {
        let reported = fault(
            "[items]\na = { column = 'x', values = { y = [] } }\nb = { column = 'x', else = 'y' }\n\
             c = { column = 'x', type = 'bool', values = { y = true } }\nd = { column = 'x', values = {} }",
        );
        for name in [
            "a: values: y: must",
            "b: else is valid",
            "c: values say",
            "d: values: must",
        ] {
            assert!(
                reported.contains(&format!("items.{name}")),
                "{name} in {reported}"
            );
        }
    }

    #[test]
    fn a_missing_section_is_reported() {
        assert!(fault("[users]\nid = 'x'").contains("[items]"));
    }

    #[test]
    fn all_faults_of_a_map_are_reported_at_once() {
        let reported = fault(
            "[item]\nid = 'x'\n[items]\nid = 'i'\nprice = { colum = 'x', type = 'money', split = '' }\n\
             tags = [3, { constant = [1], frmat = 'x' }]\nprize = 'x'\n[events]\nat = { column = 1 }",
        );
        let expected = [
            "events.at: column: must be a text",
            "events.user_id: is required",
            "events.kind: is required",
            "events.item_id: is required, or a merchant_id",
            "item: unknown section; did you mean items?",
            "items.price: unknown type \"money\"; the types are text, number, integer, bool, time",
            "items.price: split must not be empty",
            "items.price: give exactly one of column, columns, first, constant, row, cel",
            "items.price: colum: unknown key; did you mean column?",
            "items.tags: must be the name of a column, a table, or a list of them",
            "items.tags: constant: must be a text, a number, true or false",
            "items.tags: frmat: unknown key; did you mean format?",
            "items.prize: unknown field; did you mean price?",
        ];
        assert_eq!(reported.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_missing_column_is_reported() {
        let map =
            MapFile::parse("[items]\nid = 'sku'\nprice = { column = 'cost', type = 'number' }\ntags = ['a', 'sku']").unwrap();
        let header = Header::new(vec!["x", "sku"]).unwrap();
        let reported = to_table(&map.target("items").unwrap(), header).unwrap_err();
        assert_eq!(
            reported,
            "price: the table has no column \"cost\"\ntags: the table has no column \"a\"; did you mean \"x\"?\n\
             the columns are \"x\", \"sku\""
        );
    }
}
