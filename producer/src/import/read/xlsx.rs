//! Rows of a sheet in an xlsx file. Cells are read one by one; what is held is the row, and the file's shared texts,
//! which the format keeps in one list for the whole workbook.
//!
//! An xlsx file is a zip archive of XML, so a few bytes can announce gigabytes. Before it is opened, every part is
//! unpacked once without being kept, and the file is refused where a part is broken or grows beyond the bounds below.

use std::fs::File;
use std::io::{BufReader, Read};

use calamine::{Data, DataRef, Reader, Xlsx};
use service_kit::Failure;

use super::{InputFile, Visit};
use crate::import::row::{Header, Position, Row};

/// The most bytes of a sheet's XML: some ten million rows.
const MOST_SHEET_BYTES: u64 = 4 << 30;

/// The most bytes of each other part, which are held in memory.
const MOST_OTHER_BYTES: u64 = 32 << 20;

/// The most parts.
const MOST_PARTS: usize = 10_000;

/// The most bytes of XML without a bracket: one text or tag, which is held in memory.
const MOST_TOKEN_BYTES: u64 = 1 << 20;

/// Columns beyond are not looked at.
const MOST_COLUMNS: u32 = 1_000;

type Workbook = Xlsx<BufReader<File>>;

/// A sheet of an xlsx file.
pub struct XlsxTable {
    input: InputFile,
    sheet: String,
    header: Header,
}

impl XlsxTable {
    /// Checks a file, and reads the header of its sheet: the first one, if none is named.
    ///
    /// # Errors
    /// [`Failure::DataNotInOrder`] where it is broken or too large, [`Failure::Usage`] where there is no such sheet.
    pub fn open(input: InputFile, sheet: Option<&str>) -> Result<Self, Failure> {
        check_parts(&input)?;
        let workbook = open_workbook(&input)?;
        let sheets = workbook.sheet_names();
        let found = match sheet {
            None => sheets.first(),
            Some(wanted) => sheets.iter().find(|name| *name == wanted),
        };
        let Some(found) = found.cloned() else {
            return Err(match sheet {
                None => input.broken("it has no sheet"),
                Some(wanted) => Failure::Usage(format!(
                    "{} has no sheet `{wanted}`; there are: {}",
                    input.name(),
                    sheets.join(", ")
                )),
            });
        };
        drop(workbook);
        let mut table = XlsxTable {
            input,
            sheet: found,
            header: Header::new(Vec::new()),
        };
        let mut names = None;
        table.for_each_row_with_header(&mut |row, _| {
            names = Some(
                row.fields
                    .iter()
                    .map(|name| name.trim().to_owned())
                    .collect(),
            );
            Ok(std::ops::ControlFlow::Break(()))
        })?;
        let names = names.ok_or_else(|| {
            table
                .input
                .broken(format_args!("the sheet `{}` is empty", table.sheet))
        })?;
        table.header = Header::new(names);
        Ok(table)
    }

    /// The file.
    pub fn input(&self) -> &InputFile {
        &self.input
    }

    /// The names of its columns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What it is.
    pub fn description(&self) -> String {
        format!("xlsx, sheet `{}`", self.sheet)
    }

    /// See [`super::Table::for_each_row`]. The share that has been read is not known; the rows are.
    ///
    /// # Errors
    /// As there.
    pub fn for_each_row(&self, visit: &mut dyn FnMut(&Row, u64) -> Visit) -> Result<(), Failure> {
        let mut is_header = true;
        self.for_each_row_with_header(&mut |row, read| {
            if std::mem::take(&mut is_header) {
                return Ok(std::ops::ControlFlow::Continue(()));
            }
            visit(row, read)
        })
    }

    fn for_each_row_with_header(
        &self,
        visit: &mut dyn FnMut(&Row, u64) -> Visit,
    ) -> Result<(), Failure> {
        let mut workbook = open_workbook(&self.input)?;
        let mut cells = workbook
            .worksheet_cells_reader(&self.sheet)
            .map_err(|error| self.broken(0, &error.to_string()))?;
        let mut row = Row::default();
        let mut number = 0;
        loop {
            let cell = cells
                .next_cell()
                .map_err(|error| self.broken(row.line, &error.to_string()))?;
            let Some(cell) = cell else {
                break;
            };
            let (row_index, column) = cell.get_position();
            let line = u64::from(row_index) + 1;
            if line != row.line {
                if !row.is_blank() && visit(&row, 0)?.is_break() {
                    return Ok(());
                }
                // The header is row 0, which no position names; blank rows do not count.
                number += u64::from(!row.is_blank());
                row = Row {
                    line,
                    position: Position::Number(number),
                    fields: vec![String::new(); self.header.names().len()],
                };
            }
            if column < MOST_COLUMNS
                && let Ok(column) = usize::try_from(column)
            {
                if row.fields.len() <= column {
                    row.fields.resize(column + 1, String::new());
                }
                if let Some(field) = row.fields.get_mut(column) {
                    *field = text_of(cell.get_value());
                }
            }
        }
        if !row.is_blank() {
            let _ = visit(&row, 0)?;
        }
        Ok(())
    }

    fn broken(&self, line: u64, reason: &str) -> Failure {
        self.input
            .broken(format_args!("sheet `{}`, row {line}: {reason}", self.sheet))
    }
}

/// A cell as text: numbers with a decimal point in their shortest form, times with the year first.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            // Times are fractions of a day in the file, and rarely exact.
            let second = if milli >= 500 { second + 1 } else { second };
            let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
            if second == 60 {
                carried(year, month, day, hour, minute).unwrap_or(text)
            } else {
                text
            }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => Data::Error(error.clone()).to_string(),
        DataRef::Empty => String::new(),
    }
}

/// The minute after.
fn carried(year: u16, month: u8, day: u8, hour: u8, minute: u8) -> Option<String> {
    let time = chrono::NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))?
        .and_hms_opt(u32::from(hour), u32::from(minute), 0)?
        .checked_add_signed(chrono::TimeDelta::minutes(1))?;
    Some(time.format("%Y-%m-%d %H:%M:%S").to_string())
}

fn open_workbook(input: &InputFile) -> Result<Workbook, Failure> {
    let file = File::open(input.path()).map_err(|error| input.broken(error))?;
    Xlsx::new(BufReader::new(file))
        .map_err(|error| input.broken(format_args!("it is no xlsx workbook: {error}")))
}

/// Unpacks every part once, and keeps none.
fn check_parts(input: &InputFile) -> Result<(), Failure> {
    let file = File::open(input.path()).map_err(|error| input.broken(error))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| {
        input.broken(format_args!(
            "the xlsx file is cut off or damaged: {error}: fetch or save it again"
        ))
    })?;
    if archive.len() > MOST_PARTS {
        return Err(input.broken(format_args!(
            "{} parts are too many for a workbook",
            archive.len()
        )));
    }
    let mut buffer = vec![0; 1 << 16];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| {
            input.broken(format_args!(
                "the xlsx file is damaged: {error}: save it again"
            ))
        })?;
        let name = part
            .name()
            .map_err(|error| input.broken(error))?
            .into_owned();
        let is_sheet = name.contains("worksheets/") && !name.ends_with("sharedStrings.xml");
        let most = if is_sheet {
            MOST_SHEET_BYTES
        } else {
            MOST_OTHER_BYTES
        };
        let mut bytes = 0;
        let mut token = 0;
        loop {
            let count = part.read(&mut buffer).map_err(|error| {
                input.broken(format_args!(
                    "its part {name} is cut off or damaged: {error}: fetch or save it again"
                ))
            })?;
            let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
                break;
            };
            bytes += count as u64;
            if bytes > most {
                return Err(input.broken(format_args!(
                    "its part {name} unpacks to more than {} MiB: save the table as CSV",
                    most >> 20
                )));
            }
            if longest_token(piece, &mut token) > MOST_TOKEN_BYTES {
                return Err(input.broken(format_args!(
                    "its part {name} holds a text of more than 1 MiB: save the table as CSV"
                )));
            }
        }
    }
    Ok(())
}

/// The longest run of bytes without a bracket; `running` carries the run on to the next piece.
fn longest_token(piece: &[u8], running: &mut u64) -> u64 {
    let mut longest = 0;
    for byte in piece {
        if matches!(byte, b'<' | b'>') {
            *running = 0;
        } else {
            *running += 1;
            longest = longest.max(*running);
        }
    }
    longest
}
