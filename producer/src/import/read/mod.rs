//! Reading rows: from text files, from sheets, from a database. Every reader hands its rows to a visitor one by one and
//! holds no more than one (a sheet also its shared texts, a database one page).

pub mod csv;
pub mod postgres;
pub mod xlsx;

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use service_kit::Failure;
use tempfile::NamedTempFile;

use super::dialect::Wishes;
use super::row::{Header, Row};

/// What a visitor of rows answers: go on, or enough seen.
pub type Visit = Result<ControlFlow<()>, Failure>;

/// A file that lies on disk, so that it can be read more than once: to see how it is spelt, and to import it.
pub struct InputFile {
    path: PathBuf,
    name: String,
    bytes: u64,
    /// What came through a pipe; removed at the end.
    _spooled: Option<NamedTempFile>,
}

impl InputFile {
    /// Opens a file; `-` is standard input, which is copied to the temporary directory first.
    ///
    /// # Errors
    /// [`Failure::Usage`] where there is no such file to read, [`Failure::DataNotInOrder`] where it is empty.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let input = if path == Path::new("-") {
            spool()?
        } else {
            InputFile::on_disk(path)?
        };
        if input.bytes == 0 {
            return Err(Failure::DataNotInOrder(format!(
                "{} is empty: it must have a header and rows",
                input.name
            )));
        }
        Ok(input)
    }

    fn on_disk(path: &Path) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            Failure::Usage(format!(
                "cannot read {}: {reason}: name a CSV or xlsx file, or - for standard input",
                path.display()
            ))
        };
        let metadata = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
        if metadata.is_dir() {
            return Err(wrong("it is a directory".to_owned()));
        }
        if !metadata.is_file() {
            return Err(wrong("it is no regular file".to_owned()));
        }
        File::open(path).map_err(|error| wrong(error.to_string()))?;
        Ok(InputFile {
            path: path.to_owned(),
            name: path.display().to_string(),
            bytes: metadata.len(),
            _spooled: None,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What went wrong while it was read.
    pub fn broken(&self, reason: impl std::fmt::Display) -> Failure {
        Failure::DataNotInOrder(format!("{} cannot be read: {reason}", self.name))
    }
}

fn spool() -> Result<InputFile, Failure> {
    let failed = |error: io::Error| {
        Failure::Configuration(format!(
            "cannot copy standard input to the temporary directory: {error}: is the disk full? TMPDIR chooses another"
        ))
    };
    let mut file = NamedTempFile::new().map_err(failed)?;
    let bytes = io::copy(&mut io::stdin().lock(), file.as_file_mut()).map_err(failed)?;
    Ok(InputFile {
        path: file.path().to_owned(),
        name: "standard input".to_owned(),
        bytes,
        _spooled: Some(file),
    })
}

/// A file of rows, whatever its format.
pub enum Table {
    /// Text.
    Csv(csv::CsvTable),
    /// A sheet.
    Xlsx(xlsx::XlsxTable),
}

impl Table {
    /// Finds out what a file is, and reads its header. `wanted` are the columns that are looked for, by which the
    /// delimiter is told.
    ///
    /// # Errors
    /// [`Failure::DataNotInOrder`] where it is neither text nor a sheet.
    pub fn open(
        input: InputFile,
        wishes: Wishes,
        sheet: Option<&str>,
        wanted: &[&[&str]],
    ) -> Result<Self, Failure> {
        let mut magic = Vec::new();
        File::open(input.path())
            .and_then(|file| file.take(8).read_to_end(&mut magic))
            .map_err(|error| input.broken(error))?;
        if magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06") {
            return xlsx::XlsxTable::open(input, sheet).map(Table::Xlsx);
        }
        if magic.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(input.broken("it is an old or protected Excel file: save it as .xlsx without password, or as CSV"));
        }
        csv::CsvTable::open(input, wishes, wanted).map(Table::Csv)
    }

    /// The file.
    pub fn input(&self) -> &InputFile {
        match self {
            Table::Csv(table) => table.input(),
            Table::Xlsx(table) => table.input(),
        }
    }

    /// The names of its columns.
    pub fn header(&self) -> &Header {
        match self {
            Table::Csv(table) => table.header(),
            Table::Xlsx(table) => table.header(),
        }
    }

    /// What it was found to be, for people.
    pub fn description(&self) -> String {
        match self {
            Table::Csv(table) => table.description(),
            Table::Xlsx(table) => table.description(),
        }
    }

    /// Hands every row after the header to `visit`, with the share of the file that has been read, in bytes.
    ///
    /// # Errors
    /// The first error of `visit`; [`Failure::DataNotInOrder`] where the file is broken.
    pub fn for_each_row(&self, visit: &mut dyn FnMut(&Row, u64) -> Visit) -> Result<(), Failure> {
        match self {
            Table::Csv(table) => table.for_each_row(visit),
            Table::Xlsx(table) => table.for_each_row(visit),
        }
    }
}
