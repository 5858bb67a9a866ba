//! The header of a table: the position of each column, by name.

use std::collections::BTreeMap;

/// Maximum number of columns that a message lists.
const LISTED: usize = 40;
/// Maximum number of missing columns for which the nearest name is looked up.
const COMPARED: usize = 20;

/// The columns of a table.
pub(super) struct Header<'h> {
    names: Vec<&'h str>,
    places: BTreeMap<&'h str, usize>,
    missing: Vec<String>,
}

impl<'h> Header<'h> {
    /// Reads the names of the columns.
    ///
    /// # Errors
    /// Every name that several columns have. Columns without a name are not compared.
    pub(super) fn new(names: Vec<&'h str>) -> Result<Self, String> {
        let mut places = BTreeMap::new();
        let mut faults = Vec::new();
        for (place, name) in names.iter().copied().enumerate() {
            if let Some(first) = places.insert(name, place)
                && !name.trim().is_empty()
            {
                let (first, second) = (first + 1, place + 1);
                faults.push(format!(
                    "columns {first} and {second} are both named {name:?}; name them in the map: [file] header = [\"…\"], skip = 1"
                ));
            }
        }
        if faults.is_empty() {
            let missing = Vec::new();
            Ok(Self {
                names,
                places,
                missing,
            })
        } else {
            Err(faults.join("\n"))
        }
    }

    /// Returns true if a path begins at a column.
    pub(super) fn leads(&self, path: &str) -> bool {
        let ends = memchr::memchr_iter(b'.', path.as_bytes()).chain([path.len()]);
        ends.into_iter()
            .any(|end| self.places.contains_key(&path[..end]))
    }

    /// Returns the position of a column of a field. Notes a column that the table lacks, as `show` shows it, and returns 0.
    pub(super) fn place(
        &mut self,
        field: &str,
        column: &str,
        show: &dyn Fn(&str) -> String,
    ) -> usize {
        if let Some(place) = self.places.get(column) {
            return *place;
        }
        let nearest = if self.missing.len() < COMPARED {
            self.nearest(column)
        } else {
            None
        };
        let nearest = nearest.map_or(String::new(), |name| format!("; did you mean {name:?}?"));
        let fault = show(&format!("the table has no column {column:?}{nearest}"));
        self.missing.push(format!("{field}: {fault}"));
        0
    }

    fn nearest(&self, column: &str) -> Option<&'h str> {
        let column = column.to_lowercase();
        let distance = |name: &str| strsim::damerau_levenshtein(&column, &name.to_lowercase());
        let names = self.names.iter().take(1_000).copied();
        let compared = names.map(|name| (distance(name), name));
        let (distance, name) = compared.min_by_key(|(distance, _)| *distance)?;
        (distance <= name.chars().count().div_ceil(3)).then_some(name)
    }

    /// Reports every column that the table lacks, followed by the columns that it has.
    ///
    /// # Errors
    /// If a column was missing.
    pub(super) fn finish(self) -> Result<(), String> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let listed: Vec<String> = self.names.iter().take(LISTED).map(quoted).collect();
        let more = match self.names.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let one = if self.names.iter().any(|name| name.contains('\0')) {
            "; is the file UTF-16? Then set encoding = \"utf-16le\" in [file] of the map"
        } else if self.names.iter().any(|name| name.parse::<f64>().is_ok()) {
            "; if the file has no header, name its columns in the map: [file] header = [\"…\"]"
        } else if self.names.len() == 1 {
            "; is [file] separator of the map right?"
        } else {
            ""
        };
        Err(format!(
            "{}\nthe columns are {}{more}{one}",
            self.missing.join("\n"),
            listed.join(", ")
        ))
    }
}

fn quoted(name: &&str) -> String {
    format!("{name:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_rejected() {
        let names = vec!["a", "", "b", "a", "", "b"];
        let reported = Header::new(names).err().unwrap();
        assert_eq!(
            reported,
            "columns 1 and 4 are both named \"a\"; name them in the map: [file] header = [\"…\"], skip = 1\n\
             columns 3 and 6 are both named \"b\"; name them in the map: [file] header = [\"…\"], skip = 1"
        );
    }

    #[test]
    fn a_missing_column_lists_the_others() {
        let mut header = Header::new(vec!["Price", "sku"]).unwrap();
        let plain = |message: &str| message.to_owned();
        assert_eq!(header.place("id", "sku", &plain), 1);
        header.place("price", "prise", &plain);
        header.place("tags", "labels", &plain);
        assert_eq!(
            header.finish().unwrap_err(),
            "price: the table has no column \"prise\"; did you mean \"Price\"?\n\
             tags: the table has no column \"labels\"\nthe columns are \"Price\", \"sku\""
        );
    }
}
