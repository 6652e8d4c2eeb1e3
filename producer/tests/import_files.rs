//! `producer import` on files: every spelling of the same data gives the same figures, broken files get one clear message,
//! and a million rows need little memory. Nothing here needs Kafka.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "import_files/bad_files.rs"]
mod bad_files;
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bad_files::{broken_files, sheet_xml, write_xlsx};
use serde_json::Value;
use support::{producer, run, stderr};

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/online_retail_sample.csv"
);
const STORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/store_sales.csv");
const MAPPING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/store_mapping.toml"
);
const PYTHON_SUMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/uci_sums.py");

fn dry_run_uci(file: &Path, more: &[&str]) -> Output {
    let mut args = vec![
        "import",
        "uci",
        file.to_str().unwrap(),
        "--dry-run",
        "--json",
    ];
    args.extend(more);
    run(&args)
}

fn summary(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What must not depend on how a file is spelt.
fn figures(summary: &Value) -> Value {
    let keys = [
        "rows_read",
        "orders",
        "returns",
        "lines",
        "amounts",
        "refused",
    ];
    keys.iter().map(|key| summary[*key].clone()).collect()
}

fn python_sums() -> Value {
    let output = Command::new("python3")
        .args([PYTHON_SUMS, SAMPLE, "mdy"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The sample's records; the first is the header.
fn records() -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(SAMPLE)
        .unwrap();
    let records = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect());
    records.collect()
}

struct Spelling {
    delimiter: u8,
    decimal_comma: bool,
    date: fn(&str) -> String,
    prefix: &'static [u8],
    terminator: csv::Terminator,
    windows_1252: bool,
    flags: &'static [&'static str],
}

const PLAIN: Spelling = Spelling {
    delimiter: b',',
    decimal_comma: false,
    date: str::to_owned,
    prefix: b"",
    terminator: csv::Terminator::CRLF,
    windows_1252: false,
    flags: &[],
};

/// Month, day, year and the rest of a date like `12/1/2010 8:26`.
fn parts(date: &str) -> (u32, u32, &str, &str) {
    let (day, time) = date.split_once(' ').unwrap();
    let parts: Vec<&str> = day.split('/').collect();
    (
        parts[0].parse().unwrap(),
        parts[1].parse().unwrap(),
        parts[2],
        time,
    )
}

fn write_csv(path: &Path, spelling: &Spelling) {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(spelling.delimiter)
        .terminator(spelling.terminator)
        .from_writer(Vec::new());
    for (index, mut record) in records().into_iter().enumerate() {
        if index > 0 {
            record[4] = (spelling.date)(&record[4]);
            if spelling.decimal_comma {
                record[5] = record[5].replace('.', ",");
            }
            if spelling.windows_1252 && index == 5_000 {
                record[2].push_str(" CAFÉ £");
            }
        }
        writer.write_record(record).unwrap();
    }
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    let mut bytes = spelling.prefix.to_vec();
    if spelling.windows_1252 {
        bytes.extend(encoding_rs::WINDOWS_1252.encode(&text).0.iter());
    } else {
        bytes.extend(text.as_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_figures_are_those_of_an_independent_computation() {
    let summary = summary(&dry_run_uci(Path::new(SAMPLE), &["--date-order", "mdy"]));
    let expected = python_sums();
    for key in ["orders", "returns", "lines"] {
        assert_eq!(summary[key], expected[key], "{key}");
    }
    let total = &expected["total"]["GBP"];
    let pence = |amount: &str| -> i64 {
        let text = summary["amounts"]["GBP"][amount].as_str().unwrap();
        text.replace('.', "").parse().unwrap()
    };
    assert_eq!(pence("gross"), total["sold_pence"].as_i64().unwrap());
    assert_eq!(pence("returned"), total["returned_pence"].as_i64().unwrap());
    assert_eq!(pence("net"), pence("gross") - pence("returned"));
    for (reason, rows) in expected["refused"].as_object().unwrap() {
        assert_eq!(summary["refused"][reason]["rows"], *rows, "{reason}");
    }
    assert_eq!(summary["rows_refused"], 12);
    assert_eq!(summary["rows_read"], 6_000);
}

#[test]
fn every_spelling_gives_the_same_figures() {
    let directory = tempfile::tempdir().unwrap();
    let expected = figures(&summary(&dry_run_uci(
        Path::new(SAMPLE),
        &["--date-order", "mdy"],
    )));
    let dmy: fn(&str) -> String = |date| {
        let (month, day, year, time) = parts(date);
        format!("{day:02}/{month:02}/{year} {time:0>5}")
    };
    let short: fn(&str) -> String = |date| {
        let (month, day, year, time) = parts(date);
        format!("{month}/{day}/{} {time}", &year[2..])
    };
    let iso: fn(&str) -> String = |date| {
        let (month, day, year, time) = parts(date);
        format!("{year}-{month:02}-{day:02} {time:0>5}:00")
    };
    let spellings = [
        (
            Spelling { date: iso, ..PLAIN },
            "CSV, UTF-8, comma between fields, decimal point, dates with the year first",
        ),
        (
            Spelling {
                date: dmy,
                delimiter: b';',
                decimal_comma: true,
                prefix: b"\xEF\xBB\xBF",
                flags: &["--date-order", "dmy"],
                ..PLAIN
            },
            "CSV, UTF-8 with byte order mark, semicolon between fields, decimal comma, dates day/month/year",
        ),
        (
            Spelling {
                date: short,
                delimiter: b'\t',
                terminator: csv::Terminator::Any(b'\n'),
                flags: &["--date-order", "mdy"],
                ..PLAIN
            },
            "CSV, UTF-8, tab between fields, decimal point, dates month/day/year",
        ),
        (
            Spelling {
                date: iso,
                windows_1252: true,
                decimal_comma: true,
                ..PLAIN
            },
            "CSV, Windows-1252, comma between fields, decimal comma, dates with the year first",
        ),
    ];
    for (number, (spelling, read_as)) in spellings.iter().enumerate() {
        let path = directory.path().join(format!("{number}.csv"));
        write_csv(&path, spelling);
        let found = summary(&dry_run_uci(&path, spelling.flags));
        assert_eq!(found["read_as"], *read_as);
        let mut figures = figures(&found);
        let mut expected = expected.clone();
        if spelling.decimal_comma {
            // Examples in the refusals quote the file.
            for figures in [&mut figures, &mut expected] {
                figures[5]["zero_price"]["example"] = Value::Null;
            }
        }
        assert_eq!(figures, expected, "{read_as}");
    }
}

#[test]
fn a_date_anywhere_that_proves_the_order_settles_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("proof.csv");
    let mut text = std::fs::read_to_string(SAMPLE).unwrap();
    text.push_str("999999,22423,STAND,1,12/13/2010 9:00,12.75,17850,United Kingdom\r\n");
    std::fs::write(&path, text).unwrap();
    let summary = summary(&dry_run_uci(&path, &[]));
    assert!(
        summary["read_as"]
            .as_str()
            .unwrap()
            .ends_with("dates month/day/year")
    );
    let asked = dry_run_uci(Path::new(SAMPLE), &[]);
    assert_eq!(asked.status.code(), Some(2));
    assert!(
        stderr(&asked).contains("--date-order mdy"),
        "{}",
        stderr(&asked)
    );
    assert!(stderr(&asked).contains("in line 2"), "{}", stderr(&asked));
}

#[test]
fn a_sheet_gives_the_figures_of_the_text_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sample.xlsx");
    write_xlsx(&path, &sheet_xml(&records()), None);
    let found = summary(&dry_run_uci(&path, &[]));
    assert_eq!(
        found["read_as"],
        "xlsx, sheet `Online Retail`, decimal point, dates with the year first"
    );
    let expected = summary(&dry_run_uci(Path::new(SAMPLE), &["--date-order", "mdy"]));
    assert_eq!(figures(&found), figures(&expected));
    let named = dry_run_uci(&path, &["--sheet", "Nowhere"]);
    assert_eq!(named.status.code(), Some(2));
    assert!(
        stderr(&named).contains("Online Retail"),
        "{}",
        stderr(&named)
    );
}

/// The first 800 rows of the sample and all returns, written by openpyxl 3.1 as a spreadsheet would: numbers where they are
/// numbers (also invoices and stock codes), dates as dates, texts in the shared list, no cell where there is nothing.
const WORKBOOK: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/online_retail.xlsx"
);

#[test]
fn a_workbook_of_another_program_gives_the_figures_of_the_text_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("same_rows.csv");
    let mut writer = csv::Writer::from_path(&path).unwrap();
    for (number, record) in records().into_iter().enumerate() {
        if number <= 800 || record[0].starts_with('C') {
            writer.write_record(&record).unwrap();
        }
    }
    writer.flush().unwrap();
    let expected = summary(&dry_run_uci(&path, &["--date-order", "mdy"]));
    let found = summary(&dry_run_uci(Path::new(WORKBOOK), &[]));
    assert!(found["returns"].as_u64().unwrap() > 10, "{found}");
    assert_eq!(figures(&found), figures(&expected));
}

#[test]
fn broken_files_get_one_clear_message() {
    let directory = tempfile::tempdir().unwrap();
    let mut cases: Vec<(PathBuf, i32, &str)> = broken_files(directory.path())
        .into_iter()
        .map(|broken| {
            let path = directory.path().join(broken.name);
            std::fs::write(&path, broken.content).unwrap();
            (path, broken.code, broken.says)
        })
        .collect();
    cases.push((directory.path().to_owned(), 2, "it is a directory"));
    cases.push((directory.path().join("nowhere.csv"), 2, "No such file"));
    cases.push((PathBuf::from("/dev/null"), 2, "no regular file"));
    for (path, code, says) in cases {
        // The order is settled, so that nothing but the file's own fault can end it.
        let output = dry_run_uci(&path, &["--date-order", "mdy"]);
        let said = stderr(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}: {said}",
            path.display()
        );
        assert!(said.contains(says), "{}: {said}", path.display());
        let errors = said
            .lines()
            .filter(|line| line.starts_with("error:"))
            .count();
        assert_eq!(errors, 1, "{}: {said}", path.display());
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn a_file_read_the_wrong_way_is_not_half_imported() {
    let output = dry_run_uci(
        Path::new(SAMPLE),
        &["--date-order", "mdy", "--currency", "XXX"],
    );
    assert_eq!(output.status.code(), Some(5));
    assert!(
        stderr(&output).contains("none of 6000 rows could be sent"),
        "{}",
        stderr(&output)
    );
    let output = dry_run_uci(
        Path::new(SAMPLE),
        &["--date-order", "mdy", "--decimal", "comma"],
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        summary["refused"]["bad_amount"]["rows"].as_u64().unwrap() > 4_000,
        "{summary}"
    );
}

#[test]
fn refused_rows_are_written_down_with_their_lines() {
    let directory = tempfile::tempdir().unwrap();
    let rejects = directory.path().join("rejects.csv");
    let flags = [
        "--date-order",
        "mdy",
        "--rejects",
        rejects.to_str().unwrap(),
    ];
    summary(&dry_run_uci(Path::new(SAMPLE), &flags));
    let lines: Vec<String> = std::fs::read_to_string(SAMPLE)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let mut reader = csv::Reader::from_path(&rejects).unwrap();
    let mut count = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let line: usize = record[0].parse().unwrap();
        let row: Vec<&str> = record.iter().skip(3).collect();
        assert_eq!(lines[line - 1], row.join(","), "line {line}");
        count += 1;
    }
    assert_eq!(count, 12);
}

#[test]
fn standard_input_is_a_file_too() {
    let mut child = producer(&[
        "import",
        "uci",
        "-",
        "--dry-run",
        "--json",
        "--date-order",
        "mdy",
    ])
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&std::fs::read(SAMPLE).unwrap()).unwrap();
    drop(stdin);
    let summary = summary(&child.wait_with_output().unwrap());
    assert_eq!(summary["rows_read"], 6_000);
    assert_eq!(summary["source"], "standard input");
}

#[test]
fn in_store_sales_come_to_what_the_file_says() {
    let output = run(&[
        "import",
        "store",
        STORE,
        "--mapping",
        MAPPING,
        "--dry-run",
        "--json",
    ]);
    let summary = summary(&output);
    let mut reader = csv::Reader::from_path(STORE).unwrap();
    let mut cents = 0_i64;
    let mut lines = 0;
    for record in reader.records() {
        cents += record.unwrap()[5].replace('.', "").parse::<i64>().unwrap();
        lines += 1;
    }
    let net = summary["amounts"]["EUR"]["net"]
        .as_str()
        .unwrap()
        .replace('.', "");
    assert_eq!(net.parse::<i64>().unwrap(), cents);
    assert_eq!(summary["lines"], lines);
    assert_eq!(summary["orders"].as_u64().unwrap(), 120);
    assert!(summary["returns"].as_u64().unwrap() > 0);
    assert_ne!(
        summary["amounts"]["EUR"]["discount"], "0.00",
        "three for two and a half"
    );
}

#[test]
fn a_million_rows_need_less_than_200_mebibytes() {
    const COPIES: usize = 167;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("million.csv");
    let text = std::fs::read_to_string(SAMPLE).unwrap();
    let (header, body) = text.split_once("\r\n").unwrap();
    let mut writer = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(writer, "{header}").unwrap();
    for copy in 0..COPIES {
        for line in body.lines() {
            // Another invoice, of the same kind: C536379 becomes C12-536379.
            match line.strip_prefix('C') {
                Some(rest) => writeln!(writer, "C{copy}-{rest}").unwrap(),
                None => writeln!(writer, "{copy}-{line}").unwrap(),
            }
        }
    }
    drop(writer);
    let found = summary(&dry_run_uci(&path, &["--date-order", "mdy"]));
    let one = summary(&dry_run_uci(Path::new(SAMPLE), &["--date-order", "mdy"]));
    let copies = u64::try_from(COPIES).unwrap();
    for key in ["rows_read", "orders", "returns", "lines"] {
        assert_eq!(
            found[key].as_u64(),
            one[key].as_u64().map(|count| count * copies),
            "{key}"
        );
    }
    let mebibytes = found["peak_memory_bytes"].as_u64().unwrap() >> 20;
    println!(
        "{} rows at {} rows/s in {mebibytes} MiB",
        found["rows_read"], found["rows_per_s"]
    );
    assert!(mebibytes < 200, "{mebibytes} MiB");
}
