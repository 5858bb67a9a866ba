//! The rows of a table, each converted to a fact by a mapping.

use std::collections::VecDeque;
use std::io::{self, Read};

use csv::{ErrorKind, StringRecord};

use super::bind::to_table;
use super::cursor::Cursor;
use super::decode::Decoded;
use super::fact::Columns;
use super::header::Header;
use super::mapping::Mapping;
use super::numbered::{Numbered, Quote, quote_fault};
use super::rows::{Line, ReadError};
use super::settings::{Names, Settings};

/// Returns the rows of a table, each converted to a fact by the mapping, with `separator` between columns unless the map names
/// another. Row numbers continue from the cursor; a row that cannot be read has a number too, so that the numbers of a corrected file are
/// the same.
///
/// # Errors
/// [`ReadError::File`] if the header is missing, repeats a name or lacks a mapped column.
pub fn table<'n, R: Read>(
    file: R,
    separator: u8,
    mapping: &Mapping,
    cursor: &'n Cursor,
) -> Result<impl Iterator<Item = Result<Line, ReadError>> + use<'n, R>, ReadError> {
    let (mut reader, separator) = reader(file, separator, &mapping.settings)
        .map_err(|fault| ReadError::File(fault.to_string()))?;
    let has_header = mapping.settings.header == Names::Row;
    let names = names(&mut reader, &mapping.settings.header)
        .map_err(|fault| ReadError::File(format!("the header: {}", message(&fault, None))))?;
    cursor.set_head(head(&reader, has_header));
    let mapping = Header::new(names.iter().collect())
        .and_then(|header| to_table(mapping, header))
        .map_err(ReadError::File)?;
    let note = data_as_names(&names, &mapping);
    let quotes = Quotes {
        separator,
        quote: mapping.settings.quote,
    };
    let mut rows = Rows {
        reader,
        names,
        mapping,
        quotes,
        record: StringRecord::new(),
        facts: VecDeque::new(),
        line: 0,
        note,
    };
    Ok(std::iter::from_fn(move || rows.next(cursor)))
}

type Reader<R> = csv::Reader<Numbered<Decoded<R>>>;

/// The rows of a table that are not read yet.
struct Rows<R> {
    reader: Reader<R>,
    names: StringRecord,
    mapping: Mapping<usize>,
    quotes: Quotes,
    record: StringRecord,
    /// The facts of the current row that are not returned yet.
    facts: VecDeque<Vec<u8>>,
    line: u64,
    /// What the user should know after the facts so far.
    note: Option<String>,
}

/// How the bytes of a row are read.
struct Quotes {
    separator: u8,
    quote: Option<u8>,
}

impl<R: Read> Rows<R> {
    /// Returns the next fact, or the fault of the next row without one.
    fn next(&mut self, cursor: &Cursor) -> Option<Result<Line, ReadError>> {
        loop {
            if let Some(json) = self.facts.pop_front() {
                let number = self.line;
                return Some(Ok(Line { number, json }));
            }
            if let Some(note) = self.note.take() {
                return Some(Err(ReadError::Note(note)));
            }
            match self.row(cursor) {
                Ok(false) => return None,
                Ok(true) => {}
                Err(fault) => return Some(Err(fault)),
            }
        }
    }

    /// Reads the next row and adds its facts. Returns false at the end.
    fn row(&mut self, cursor: &Cursor) -> Result<bool, ReadError> {
        let read = self.reader.read_record(&mut self.record);
        if matches!(read, Ok(false)) {
            return Ok(false);
        }
        if let Err(fault) = &read
            && (fault.is_io_error() || fault.position().is_none())
        {
            return Err(ReadError::File(self.broken(fault)));
        }
        let position = match &read {
            Ok(_) => self.record.position(),
            Err(fault) => fault.position(),
        };
        let start = position.map_or(0, csv::Position::byte);
        self.line = self.reader.get_ref().line(start);
        if read.is_ok() && cursor.reads(self.record.get(0).unwrap_or_default()) {
            self.reader
                .get_ref()
                .pass(self.reader.position().byte(), false);
            return Ok(true);
        }
        cursor.begin(|| self.reader.get_ref().text(self.reader.position().byte()));
        let number = cursor.pass();
        let is_cut = self.reader.get_ref().is_cut(self.reader.position().byte());
        self.quotes(read.is_ok())?;
        let facts = match read {
            Ok(_) => self.facts(number, cursor),
            Err(fault) => Err(message(&fault, Some(&self.names))),
        };
        let line = self.line;
        match facts {
            Ok(()) if is_cut && self.mapping.reads(self.names.len().saturating_sub(1)) => {
                self.note = Some(format!("line {line}: {WHOLE}"));
            }
            Ok(()) => {}
            Err(message) => {
                let cut = if is_cut { CUT } else { "" };
                let message = format!("{message}{cut}");
                return Err(ReadError::Row { line, message });
            }
        }
        Ok(true)
    }

    /// Adds the facts of the current row.
    fn facts(&mut self, number: u64, cursor: &Cursor) -> Result<(), String> {
        fitting(&self.record, &self.names)?;
        let columns = Columns::Table(&self.record);
        let trimmed = self.mapping.facts(columns, number, &mut self.facts)?;
        cursor.count_trimmed(trimmed);
        Ok(())
    }

    /// Checks the quotes of a row that has several lines or is the last: an open quote takes all that follows for its text.
    fn quotes(&self, read: bool) -> Result<(), ReadError> {
        let several = read && self.record.iter().any(|text| text.contains('\n'));
        let end = self.reader.position().byte();
        let bytes = self.reader.get_ref().pass(end, several);
        match bytes.and_then(|bytes| self.quotes.fault(&bytes)) {
            None => Ok(()),
            Some(Quote::Open(breaks)) => {
                let within = "before the end of the file";
                Err(ReadError::File(unclosed(self.line + breaks, within)))
            }
            Some(Quote::Trailed(breaks)) => Err(ReadError::Row {
                line: self.line,
                message: format!(
                    "text follows the quoted text that begins on line {}; is a quote not closed?",
                    self.line + breaks
                ),
            }),
        }
    }

    /// Returns the fault at which reading stops.
    fn broken(&self, fault: &csv::Error) -> String {
        let Some((line, bytes)) = self.reader.get_ref().overlong() else {
            return message(fault, Some(&self.names));
        };
        match self.quotes.fault(&bytes) {
            Some(Quote::Open(breaks) | Quote::Trailed(breaks)) => {
                unclosed(line + breaks, "within a mebibyte")
            }
            None => format!("line {line}: the row is longer than a mebibyte"),
        }
    }
}

impl Quotes {
    fn fault(&self, row: &[u8]) -> Option<Quote> {
        quote_fault(row, self.separator, self.quote?)
    }
}

fn unclosed(line: u64, within: &str) -> String {
    format!(
        "line {line}: the quote that opens there is not closed {within}; if quotes are plain text in this file, set quote = false in \
         [file] of the map"
    )
}

/// Returns the reader, and the separator between columns: that of the map, else of a first line such as `sep=;`, else of the file's name.
fn reader<R: Read>(file: R, separator: u8, settings: &Settings) -> io::Result<(Reader<R>, u8)> {
    let mut file = Numbered::new(Decoded::new(file, settings.encoding)?)?;
    let said = match settings.skip {
        0 => file.skip_separator(),
        lines => {
            file.skip(lines)?;
            None
        }
    };
    let separator = settings.separator.or(said).unwrap_or(separator);
    let reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .quoting(settings.quote.is_some())
        .quote(settings.quote.unwrap_or(b'"'))
        .has_headers(settings.header == Names::Row)
        .flexible(true)
        .from_reader(file);
    Ok((reader, separator))
}

/// Follows the fault of a last row that may lack a part.
const CUT: &str = "; the file ends there without a line break, so it may be cut short";
/// Is said of a last row that is read: nothing tells it from one that is cut in its last column.
const WHOLE: &str = "the last row has no line break and is read as a whole one; if the file is cut short, its last column may be too";

/// Returns the lines before the first row.
fn head<R: Read>(reader: &Reader<R>, has_header: bool) -> Vec<u8> {
    let (file, end) = (reader.get_ref(), reader.position().byte());
    let mut head = file.skipped();
    if has_header {
        head.extend(file.text(end));
        file.pass(end, false);
    }
    head
}

/// Returns the names of the columns.
fn names<R: Read>(reader: &mut Reader<R>, names: &Names) -> csv::Result<StringRecord> {
    match names {
        Names::Row => reader.headers().cloned(),
        Names::Given(names) => Ok(StringRecord::from(names.as_slice())),
        Names::Numbers => {
            let columns = 1..=reader.headers()?.len();
            Ok(columns.map(|column| column.to_string()).collect())
        }
    }
}

/// Returns a note if the names that a header gives to columns are numbers: then it may be the first row of the data.
fn data_as_names(names: &StringRecord, mapping: &Mapping<usize>) -> Option<String> {
    let is_number = |name: &str| name.trim().parse::<f64>().is_ok();
    let numbers = names.iter().filter(|name| is_number(name)).count();
    let own = mapping.settings.header == Names::Row;
    (own && numbers > 0).then(|| {
        format!(
            "{numbers} of the names in the header are numbers; if the file has no header, set header = false in [file] of the map, or the \
             first row is lost"
        )
    })
}

/// Checks that a row is as wide as the header.
fn fitting(record: &StringRecord, names: &StringRecord) -> Result<(), String> {
    let (columns, expected) = (record.len(), names.len());
    if columns == expected {
        return Ok(());
    }
    Err(format!(
        "the row has {columns} columns, the header {expected}"
    ))
}

/// Returns the fault of a row that the CSV reader rejects, without its own line number.
fn message(fault: &csv::Error, names: Option<&StringRecord>) -> String {
    if let ErrorKind::Utf8 { err, .. } = fault.kind() {
        let name = names.and_then(|names| names.get(err.field()));
        let name = name.map_or(String::new(), |name| format!(" ({name})"));
        let (place, byte) = (err.field() + 1, err.valid_up_to() + 1);
        return format!(
            "column {place}{name}: byte {byte} is not UTF-8; set encoding in [file] of the map, such as gb18030"
        );
    }
    fault.to_string()
}

#[cfg(test)]
mod tests;
