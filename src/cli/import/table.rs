//! The rows of a table, each converted to a fact by a mapping.

use std::collections::VecDeque;
use std::io::{self, Read};

use csv::{ErrorKind, StringRecord};

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
    let mut reader = reader(file, separator, &mapping.settings)
        .map_err(|fault| ReadError::File(fault.to_string()))?;
    let has_header = mapping.settings.header == Names::Row;
    let names = names(&mut reader, &mapping.settings.header)
        .map_err(|fault| ReadError::File(format!("the header: {}", message(&fault, None))))?;
    cursor.set_head(head(&reader, has_header));
    let mapping = Header::new(names.iter().collect())
        .and_then(|header| mapping.bind(header))
        .map_err(ReadError::File)?;
    let note = data_as_names(&names, &mapping);
    let quotes = Quotes {
        separator: mapping.settings.separator.unwrap_or(separator),
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
    /// What the user should know before the first row.
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
        if let Some(note) = self.note.take() {
            return Some(Err(ReadError::Note(note)));
        }
        loop {
            if let Some(json) = self.facts.pop_front() {
                let number = self.line;
                return Some(Ok(Line { number, json }));
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
            Ok(_) if is_cut => Err(CUT.to_owned()),
            Ok(_) => fitting(&self.record, &self.names).and_then(|()| {
                let columns = Columns::Table(&self.record);
                let trimmed = self.mapping.facts(columns, number, &mut self.facts)?;
                cursor.count_trimmed(trimmed);
                Ok(())
            }),
            Err(fault) => Err(message(&fault, Some(&self.names))),
        };
        let line = self.line;
        facts
            .map(|()| true)
            .map_err(|message| ReadError::Row { line, message })
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

fn reader<R: Read>(file: R, separator: u8, settings: &Settings) -> io::Result<Reader<R>> {
    let mut file = Numbered::new(Decoded::new(file, settings.encoding)?);
    file.skip(settings.skip)?;
    Ok(csv::ReaderBuilder::new()
        .delimiter(settings.separator.unwrap_or(separator))
        .quoting(settings.quote.is_some())
        .quote(settings.quote.unwrap_or(b'"'))
        .has_headers(settings.header == Names::Row)
        .flexible(true)
        .from_reader(file))
}

/// The fault of a last row that may lack a part: what it says would count, and the whole row would be a repeat.
const CUT: &str = "the file ends here without a line break, so it may be cut short; if it is whole, add a line break";

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
