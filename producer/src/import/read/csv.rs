//! Rows of a text file. Constant memory: a record that grows beyond [`MOST_RECORD_BYTES`], as after a quote that is never
//! closed, ends the import with the line where it began.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder};
use encoding_rs::WINDOWS_1252;
use service_kit::Failure;

use super::{InputFile, Visit};
use crate::import::dialect::{
    Delimiter, Encoding, EncodingEvidence, HeaderCount, Wishes, delimiter_of,
};
use crate::import::row::{Header, Position, Row};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The most bytes of one record.
pub const MOST_RECORD_BYTES: u64 = 1 << 20;

const BUFFER_BYTES: usize = 1 << 16;

/// A text file, and how it is spelt.
pub struct CsvTable {
    input: InputFile,
    header: Header,
    encoding: Encoding,
    has_mark: bool,
    /// Whether lines end with two characters: then the reader has not counted the line of a record yet when it begins.
    has_crlf: bool,
    delimiter: Delimiter,
}

impl CsvTable {
    /// Finds out how a text file is spelt: reads it once for its encoding, and its header for the delimiter.
    ///
    /// # Errors
    /// [`Failure::DataNotInOrder`] where it is no text in a known encoding, or has no header.
    pub fn open(input: InputFile, wishes: Wishes, wanted: &[&[&str]]) -> Result<Self, Failure> {
        let Survey {
            encoding: found,
            has_mark,
            has_crlf,
        } = survey(&input)?;
        let encoding = match (wishes.encoding, found) {
            (Some(wished), _) => wished,
            (None, Ok(found)) => found,
            (None, Err(reason)) => {
                return Err(input.broken(format_args!(
                    "{reason}: save it as CSV in UTF-8, or say --encoding"
                )));
            }
        };
        let mut table = CsvTable {
            input,
            header: Header::new(Vec::new()),
            encoding,
            has_mark,
            has_crlf,
            delimiter: wishes.delimiter.unwrap_or(Delimiter::Comma),
        };
        if wishes.delimiter.is_none() {
            table.delimiter = table.survey_delimiter(wanted)?;
        }
        table.header = table.read_header(table.delimiter)?;
        Ok(table)
    }

    fn survey_delimiter(&self, wanted: &[&[&str]]) -> Result<Delimiter, Failure> {
        let mut counts = Vec::new();
        for delimiter in Delimiter::ALL {
            let header = self.read_header(delimiter)?;
            let count = HeaderCount {
                wanted: wanted
                    .iter()
                    .filter(|names| header.find(names).is_some())
                    .count(),
                fields: header.names().len(),
            };
            counts.push((delimiter, count));
        }
        Ok(delimiter_of(&counts))
    }

    fn read_header(&self, delimiter: Delimiter) -> Result<Header, Failure> {
        let (mut reader, budget) = self.reader(delimiter)?;
        let mut record = ByteRecord::new();
        if !self.next(&mut reader, &budget, &mut record)? {
            return Err(self.input.broken("it has no header"));
        }
        let names = record
            .iter()
            .map(|field| self.decode(field).map(|name| name.trim().to_owned()));
        let names: Option<Vec<String>> = names.collect();
        names.map(Header::new).ok_or_else(|| {
            self.input
                .broken("its header is not UTF-8: say --encoding windows-1252")
        })
    }

    fn reader(&self, delimiter: Delimiter) -> Result<(Reader<Budgeted>, Rc<Cell<u64>>), Failure> {
        let mut file = File::open(self.input.path()).map_err(|error| self.input.broken(error))?;
        if self.has_mark {
            let start = BYTE_ORDER_MARK.len() as u64;
            file.seek(SeekFrom::Start(start))
                .map_err(|error| self.input.broken(error))?;
        }
        let spent = Rc::new(Cell::new(0));
        let reader = ReaderBuilder::new()
            .delimiter(delimiter.byte())
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Budgeted {
                file,
                spent: spent.clone(),
            });
        Ok((reader, spent))
    }

    fn next(
        &self,
        reader: &mut Reader<Budgeted>,
        spent: &Cell<u64>,
        record: &mut ByteRecord,
    ) -> Result<bool, Failure> {
        spent.set(0);
        let line = reader.position().line();
        reader
            .read_byte_record(record)
            .map_err(|error| self.input.broken(format_args!("line {line}: {error}")))
    }

    fn decode<'a>(&self, field: &'a [u8]) -> Option<std::borrow::Cow<'a, str>> {
        match self.encoding {
            Encoding::Utf8 => std::str::from_utf8(field).ok().map(Into::into),
            Encoding::Windows1252 => Some(WINDOWS_1252.decode_without_bom_handling(field).0),
        }
    }

    /// The file.
    pub fn input(&self) -> &InputFile {
        &self.input
    }

    /// The names of its columns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How it is spelt.
    pub fn description(&self) -> String {
        let encoding = match (self.encoding, self.has_mark) {
            (Encoding::Utf8, true) => "UTF-8 with byte order mark",
            (Encoding::Utf8, false) => "UTF-8",
            (Encoding::Windows1252, _) => "Windows-1252",
        };
        let delimiter = match self.delimiter {
            Delimiter::Comma => "comma",
            Delimiter::Semicolon => "semicolon",
            Delimiter::Tab => "tab",
        };
        format!("CSV, {encoding}, {delimiter} between fields")
    }

    /// See [`super::Table::for_each_row`].
    ///
    /// # Errors
    /// As there.
    pub fn for_each_row(&self, visit: &mut dyn FnMut(&Row, u64) -> Visit) -> Result<(), Failure> {
        let (mut reader, spent) = self.reader(self.delimiter)?;
        let mut record = ByteRecord::new();
        self.next(&mut reader, &spent, &mut record)?;
        let mut row = Row::default();
        let mut number = 0;
        while self.next(&mut reader, &spent, &mut record)? {
            if record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            number += 1;
            row.line = record.position().map_or(0, csv::Position::line) + u64::from(self.has_crlf);
            row.position = Position::Number(number);
            row.fields.resize_with(record.len(), String::new);
            for (field, bytes) in row.fields.iter_mut().zip(&record) {
                field.clear();
                let text = self.decode(bytes).ok_or_else(|| {
                    self.input.broken(format_args!(
                        "line {} is not UTF-8: say --encoding windows-1252",
                        row.line
                    ))
                })?;
                field.push_str(&text);
            }
            if visit(&row, reader.position().byte())?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What one pass over the bytes tells.
struct Survey {
    encoding: Result<Encoding, &'static str>,
    has_mark: bool,
    has_crlf: bool,
}

fn survey(input: &InputFile) -> Result<Survey, Failure> {
    let mut file = File::open(input.path()).map_err(|error| input.broken(error))?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut evidence = EncodingEvidence::default();
    let (mut has_mark, mut has_crlf) = (false, false);
    let mut is_first = true;
    loop {
        let filled = fill(&mut file, &mut buffer).map_err(|error| input.broken(error))?;
        let Some(mut bytes) = buffer.get(..filled).filter(|bytes| !bytes.is_empty()) else {
            return Ok(Survey {
                encoding: evidence.conclude(),
                has_mark,
                has_crlf,
            });
        };
        if std::mem::take(&mut is_first) {
            if let Some(rest) = bytes.strip_prefix(BYTE_ORDER_MARK) {
                has_mark = true;
                bytes = rest;
            }
            let first_line = bytes.split(|byte| *byte == b'\n').next();
            has_crlf = first_line.is_some_and(|line| line.ends_with(b"\r"));
        }
        evidence.see(bytes);
    }
}

/// Reads until the buffer is full or the file at its end, so that a byte order mark is never cut.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// A file that gives no more than [`MOST_RECORD_BYTES`] for one record.
struct Budgeted {
    file: File,
    spent: Rc<Cell<u64>>,
}

impl Read for Budgeted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.spent.get() > MOST_RECORD_BYTES {
            return Err(io::Error::other(format!(
                "a record of more than {MOST_RECORD_BYTES} bytes begins here: is a quote not closed?"
            )));
        }
        let count = self.file.read(buffer)?;
        self.spent.set(self.spent.get() + count as u64);
        Ok(count)
    }
}
