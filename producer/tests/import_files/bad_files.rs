//! Workbooks, whole and broken, and other files that are no table.

use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;

use crate::{SAMPLE, records};

pub(crate) fn sheet_xml(rows: &[Vec<String>]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (index, row) in rows.iter().enumerate() {
        xml.push_str(&format!("<row r=\"{}\">", index + 1));
        for (column, value) in ('A'..='H').zip(row) {
            let place = format!("{column}{}", index + 1);
            let number: Option<f64> = value.parse().ok().filter(|_| index > 0);
            let date = (column == 'E' && index > 0).then(|| serial(value));
            match (date, number) {
                _ if value.is_empty() => {}
                (Some(serial), _) => {
                    xml.push_str(&format!("<c r=\"{place}\" s=\"1\"><v>{serial}</v></c>"))
                }
                (None, Some(number)) => {
                    xml.push_str(&format!("<c r=\"{place}\"><v>{number:.15}</v></c>"))
                }
                (None, None) => {
                    let text = value.replace('&', "&amp;").replace('<', "&lt;");
                    xml.push_str(&format!(
                        "<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"
                    ));
                }
            }
        }
        xml.push_str("</row>");
    }
    xml + "</sheetData></worksheet>"
}

/// Days since the end of 1899, as spreadsheets count them.
fn serial(date: &str) -> f64 {
    let time = chrono::NaiveDateTime::parse_from_str(date, "%m/%d/%Y %H:%M").unwrap();
    let origin = chrono::NaiveDate::from_ymd_opt(1899, 12, 30)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    f64::from(u32::try_from((time - origin).num_minutes()).unwrap()) / 1_440.0
}

pub(crate) fn write_xlsx(path: &Path, sheet: &str, shared: Option<&[u8]>) {
    const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#;
    const ROOT: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Online Retail" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const SHEETS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#;
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", SHEETS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    for (name, content) in parts {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    if let Some(shared) = shared {
        archive
            .start_file("xl/sharedStrings.xml", SimpleFileOptions::default())
            .unwrap();
        // Forty times the piece: a few kilobytes that unpack to more than is allowed.
        for _ in 0..40 {
            archive.write_all(shared).unwrap();
        }
    }
    archive.finish().unwrap();
}

pub(crate) struct Broken {
    pub(crate) name: &'static str,
    pub(crate) content: Vec<u8>,
    pub(crate) code: i32,
    pub(crate) says: &'static str,
}

#[allow(clippy::too_many_lines)] // a table
pub(crate) fn broken_files(directory: &Path) -> Vec<Broken> {
    let sample = std::fs::read(SAMPLE).unwrap();
    let whole = directory.join("whole.xlsx");
    write_xlsx(&whole, &sheet_xml(&records()[..50]), None);
    let whole = std::fs::read(whole).unwrap();
    let bomb = directory.join("bomb.xlsx");
    write_xlsx(
        &bomb,
        &sheet_xml(&records()[..5]),
        Some(&b"<si/>".repeat(200_000)),
    );
    let bomb = std::fs::read(bomb).unwrap();
    assert!(bomb.len() < 200_000, "a bomb is small: {}", bomb.len());
    let long_text = directory.join("long.xlsx");
    write_xlsx(
        &long_text,
        &sheet_xml(&records()[..5]).replace("<sheetData>", &"x".repeat(1 << 21)),
        None,
    );
    let long_text = std::fs::read(long_text).unwrap();
    let without_price: Vec<u8> = String::from_utf8(sample.clone())
        .unwrap()
        .replacen("UnitPrice", "Prix", 1)
        .into();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xAA);
    let utf16: Vec<u8> = "InvoiceNo,StockCode\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let endless_quote = [
        sample[..400].to_vec(),
        b"\r\n1,2,\"".to_vec(),
        vec![b'x'; 3 << 20],
    ]
    .concat();
    let header_only = sample[..sample.iter().position(|byte| *byte == b'\n').unwrap()].to_vec();
    let file = |name, content, code, says| Broken {
        name,
        content,
        code,
        says,
    };
    vec![
        file("empty.csv", vec![], 5, "is empty"),
        file("blank.csv", b"\n\n\n".to_vec(), 5, "no header"),
        file("header_only.csv", header_only, 5, "no rows"),
        file(
            "missing_column.csv",
            without_price,
            5,
            "`UnitPrice` is missing; there are `InvoiceNo`, `StockCode`",
        ),
        file(
            "other_table.csv",
            b"a;b;c\n1;2;3\n".to_vec(),
            5,
            "`a`, `b`, `c`",
        ),
        file("utf16.csv", utf16, 5, "UTF-16"),
        file(
            "neither.csv",
            [sample.clone(), b"1,2,caf\xe9 \x81\n".to_vec()].concat(),
            5,
            "neither UTF-8 nor Windows-1252",
        ),
        file(
            "picture.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            5,
            "binary",
        ),
        file(
            "endless_quote.csv",
            endless_quote,
            5,
            "is a quote not closed?",
        ),
        file(
            "cut.xlsx",
            whole[..whole.len() / 2].to_vec(),
            5,
            "cut off or damaged",
        ),
        file("damaged.xlsx", damaged, 5, "damaged"),
        file(
            "zip_only.xlsx",
            b"PK\x03\x04".to_vec(),
            5,
            "cut off or damaged",
        ),
        file("bomb.xlsx", bomb, 5, "unpacks to more than 32 MiB"),
        file("long_text.xlsx", long_text, 5, "a text of more than 1 MiB"),
        file(
            "old.xls",
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(),
            5,
            "old or protected Excel",
        ),
    ]
}
