//! The rows that were refused: counted by reason, the first few remembered, all of them written down where asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use serde::Serialize;
use service_kit::Failure;

use super::refusal::Refusal;
use super::row::Header;

/// So many line numbers of each reason are shown.
const SHOWN_LINES: usize = 5;

/// How often a reason came up, and where first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Rows.
    pub rows: u64,
    /// The lines of the first few.
    pub first_lines: Vec<u64>,
    /// What was wrong with the first.
    pub example: String,
}

/// Counts refusals, and writes them down.
pub struct Rejects {
    by_reason: BTreeMap<&'static str, Refused>,
    file: Option<RejectsFile>,
}

struct RejectsFile {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl RejectsFile {
    fn failed(&self, error: impl std::fmt::Display) -> Failure {
        Failure::Configuration(format!(
            "cannot write the refused rows to {}: {error}: is the disk full?",
            self.path.display()
        ))
    }
}

impl Rejects {
    /// Counts; with a path also writes a CSV file: line, reason, detail, and the row as it was.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where the file cannot be made.
    pub fn new(path: Option<&Path>, header: &Header) -> Result<Self, Failure> {
        let file = path.map(|path| open(path, header)).transpose()?;
        Ok(Rejects {
            by_reason: BTreeMap::new(),
            file,
        })
    }

    /// A row is not sent. `fields` are the row as it was, as far as it is still known.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub fn add(&mut self, line: u64, fields: &[String], refusal: &Refusal) -> Result<(), Failure> {
        let reason = refusal.reason.code();
        let refused = self.by_reason.entry(reason).or_default();
        refused.rows += 1;
        if refused.first_lines.len() < SHOWN_LINES {
            refused.first_lines.push(line);
        }
        if refused.rows == 1 {
            refused.example.clone_from(&refusal.detail);
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let line = line.to_string();
        let own = [line.as_str(), reason, refusal.detail.as_str()];
        let written = file
            .writer
            .write_record(own.into_iter().chain(fields.iter().map(String::as_str)));
        written.map_err(|error| file.failed(error))
    }

    /// How many rows were refused.
    pub fn rows(&self) -> u64 {
        self.by_reason.values().map(|refused| refused.rows).sum()
    }

    /// Ends the file; the counts by reason.
    ///
    /// # Errors
    /// Where the rest cannot be written down.
    pub fn finish(mut self) -> Result<BTreeMap<&'static str, Refused>, Failure> {
        if let Some(file) = &mut self.file {
            let flushed = file.writer.flush();
            flushed.map_err(|error| file.failed(error))?;
        }
        Ok(self.by_reason)
    }
}

fn open(path: &Path, header: &Header) -> Result<RejectsFile, Failure> {
    let failed = |error: String| {
        Failure::Configuration(format!(
            "cannot write the refused rows to {}: {error}: choose a file in a directory that exists and is yours",
            path.display()
        ))
    };
    let file = File::create(path).map_err(|error| failed(error.to_string()))?;
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(BufWriter::new(file));
    let own = ["line", "reason", "detail"];
    writer
        .write_record(
            own.into_iter()
                .chain(header.names().iter().map(String::as_str)),
        )
        .map_err(|error| failed(error.to_string()))?;
    Ok(RejectsFile {
        path: path.to_owned(),
        writer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::refusal::RefusalReason;

    #[test]
    fn refusals_are_counted_and_written_down() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rejects.csv");
        let header = Header::new(vec!["a".to_owned(), "b".to_owned()]);
        let mut rejects = Rejects::new(Some(&path), &header).unwrap();
        let refusal = Refusal::new(RefusalReason::BadDate, "a: `x,y`");
        for line in 2..9 {
            rejects.add(line, &["x,y".to_owned()], &refusal).unwrap();
        }
        assert_eq!(rejects.rows(), 7);
        let counts = rejects.finish().unwrap();
        assert_eq!(counts["bad_date"].first_lines, [2, 3, 4, 5, 6]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 8);
        assert!(
            text.starts_with("line,reason,detail,a,b\n2,bad_date,\"a: `x,y`\",\"x,y\"\n"),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let header = Header::new(Vec::new());
        let failure = Rejects::new(Some(Path::new("/nonexistent/rejects.csv")), &header)
            .err()
            .unwrap();
        assert_eq!(failure.exit_code(), 3);
    }
}
