//! How fast files are imported, and in how much memory: a million rows of real sales, through to Kafka's acknowledgement.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use demo::fleet::Fleet;
use local_stack::Stack;
use serde::Deserialize;

use crate::ingest::mebibytes;
use crate::room::LONGEST;
use crate::{Figure, Target};

/// Real sales; repeated under other numbers until there are enough of them.
const SAMPLE: &str = include_str!("../../examples/online_retail_sample.csv");

/// What is asked of a million rows.
const MEBIBYTES_AT_MOST: Target = Target::AtMost(200.0);

/// What the import's summary says.
#[derive(Deserialize)]
struct Summary {
    rows_read: u64,
    rows_per_s: f64,
    failed: u64,
    peak_memory_bytes: u64,
}

/// Imports a file of about so many rows into a topic of its own.
pub(crate) fn measure(stack: &Stack, rows: u64) -> Result<Vec<Figure>> {
    eprintln!("import: {rows} rows …");
    let file = stack.dir().join("import.csv");
    let written = write_rows(&file, rows).context("writing the file to import")?;
    let fleet = Fleet::new(stack.dir().join("logs").join("import"))?;
    let environment = [
        (
            "KAFKA_BOOTSTRAP_SERVERS".to_owned(),
            stack.kafka_bootstrap_servers().to_owned(),
        ),
        ("KAFKA_TOPIC".to_owned(), stack.fresh_topic(6)?),
    ];
    let path = file.display().to_string();
    let arguments = ["import", "uci", &path, "--date-order", "mdy", "--json"];
    let mut import = fleet.spawn("producer", "import", &arguments, &environment)?;
    let status = import.wait(LONGEST)?;
    if !status.success() {
        bail!("the import failed: {}", import.log()?);
    }
    let output = import.output()?;
    let last_line = output.lines().last().unwrap_or_default();
    let summary: Summary =
        serde_json::from_str(last_line).context("reading the import's summary")?;
    if (summary.rows_read, summary.failed) != (written, 0) {
        bail!(
            "{} of {written} rows read, {} events failed",
            summary.rows_read,
            summary.failed
        );
    }
    std::fs::remove_file(&file).context("removing the imported file")?;
    Ok(vec![
        Figure::new("imported_rows_per_s", summary.rows_per_s, "rows/s", None),
        Figure::new(
            "import_peak_rss_mib",
            mebibytes(summary.peak_memory_bytes),
            "MiB",
            Some(MEBIBYTES_AT_MOST),
        ),
    ])
}

/// Answers how many rows it wrote: whole copies of the sample.
fn write_rows(path: &Path, rows: u64) -> Result<u64> {
    let (header, body) = SAMPLE
        .split_once("\r\n")
        .context("the sample has no header")?;
    let mut writer = BufWriter::new(std::fs::File::create(path)?);
    writeln!(writer, "{header}")?;
    let (mut written, mut copy) = (0, 0);
    while written < rows {
        for line in body.lines() {
            // Another invoice, of the same kind: C536379 becomes C12-536379.
            match line.strip_prefix('C') {
                Some(rest) => writeln!(writer, "C{copy}-{rest}")?,
                None => writeln!(writer, "{copy}-{line}")?,
            }
            written += 1;
        }
        copy += 1;
    }
    writer.flush()?;
    Ok(written)
}
