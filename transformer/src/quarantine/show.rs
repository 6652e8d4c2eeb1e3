//! Everything about one record.

use std::fmt::Write as _;

use event_contract::Limits;
use event_contract::judge::{RULE_VERSION, Verdict, judge};
use serde_json::{Value, json};
use service_kit::{Failure, Outcome};
use warehouse::Warehouse;
use warehouse::quarantine::{QuarantinedRow, RawRecord, raw, rows};

use super::ShowArgs;
use super::display::{hex_dump, visible, visible_bytes, visible_lines};
use super::list::{json_text, place, print, row_json};

/// One event can be in quarantine several times.
const MAX_SHOWN: i64 = 20;

pub(super) async fn run(warehouse: &Warehouse, args: &ShowArgs) -> Outcome {
    let session = warehouse.connect().await?;
    let found = rows(&session, &args.which.filter(None), MAX_SHOWN).await?;
    let mut shown = Vec::with_capacity(found.len());
    for row in &found {
        shown.push((row, raw(&session, row).await?));
    }
    session.release();
    if shown.is_empty() {
        return Err(Failure::DataNotInOrder(
            "no such record in quarantine: `transformer quarantine list --rows --state all` lists what there is".into(),
        ));
    }
    if args.json {
        let records = shown
            .iter()
            .map(|(row, record)| record_json(row, record.as_ref()));
        print(&json_text(&records.collect())?);
        return Ok(());
    }
    for (row, record) in &shown {
        print(&record_text(row, record.as_ref())?);
    }
    Ok(())
}

fn record_json(row: &QuarantinedRow, record: Option<&RawRecord>) -> Value {
    let mut value = row_json(row);
    if let Value::Object(fields) = &mut value {
        fields.insert("key".into(), json!(record.and_then(key_text)));
        fields.insert("headers".into(), json!(record.map(headers)));
        fields.insert(
            "byte_count".into(),
            json!(record.and_then(|record| record.byte_count)),
        );
        fields.insert(
            "payload".into(),
            record.map_or(Value::Null, |record| record.decoded.clone()),
        );
        fields.insert(
            "judged_now".into(),
            json!(record.map(|record| judged_now(row, record))),
        );
    }
    value
}

fn record_text(row: &QuarantinedRow, record: Option<&RawRecord>) -> Result<String, Failure> {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<13} {}", visible(value));
    };
    line("record", &place(row));
    line("state", &row.state);
    line("reason", &row.reason);
    line("detail", &row.detail);
    line("rule version", &row.rule_version.to_string());
    if let Some(event_id) = row.event_id {
        line("event id", &event_id.to_string());
    }
    line("ingested", &row.ingested_at.to_rfc3339());
    line("quarantined", &row.quarantined_at.to_rfc3339());
    for (name, time) in [
        ("judged again", row.rejudged_at),
        ("resolved", row.resolved_at),
    ] {
        if let Some(time) = time {
            line(name, &time.to_rfc3339());
        }
    }
    if let Some(note) = &row.resolution_note {
        line("note", note);
    }
    let Some(record) = record else {
        line("bytes", "gone: the retention of bronze has dropped them");
        text.push('\n');
        return Ok(text);
    };
    line("judged now", &judged_now(row, record));
    line("key", &key_text(record).unwrap_or_else(|| "none".into()));
    for (name, value) in headers(record) {
        let value = value.unwrap_or_else(|| "null".into());
        line("header", &format!("{name} = {value}"));
    }
    match record.byte_count {
        None => line("value", "null (a tombstone)"),
        Some(bytes) => line("value", &format!("{bytes} bytes")),
    }
    text.push_str(&payload_text(record)?);
    text.push('\n');
    Ok(text)
}

/// The event as JSON; where it could not be decoded, what could, and the bytes.
fn payload_text(record: &RawRecord) -> Result<String, Failure> {
    let Some(payload) = &record.payload else {
        return Ok(String::new());
    };
    let decoded = &record.decoded;
    if decoded.get("undecoded").is_none() {
        return Ok(visible_lines(&json_text(decoded)?));
    }
    let mut text = String::new();
    if let Some(read_so_far) = decoded.get("read_so_far") {
        text.push_str(&visible_lines(&json_text(read_so_far)?));
    }
    if let Some(why) = decoded.get("why").and_then(Value::as_str) {
        let _ = writeln!(text, "not decoded: {}", visible(why));
    }
    text.push_str(&hex_dump(payload));
    Ok(text)
}

fn judged_now(row: &QuarantinedRow, record: &RawRecord) -> String {
    let is_whole = record
        .byte_count
        .and_then(|bytes| usize::try_from(bytes).ok())
        == record.payload.as_ref().map(Vec::len);
    if !is_whole {
        return "too long to be judged here; a release would".into();
    }
    match judge(
        record.payload.as_deref(),
        row.ingested_at,
        &Limits::default(),
    ) {
        Verdict::Accepted(_) => {
            format!("would be accepted, unless known already (rule version {RULE_VERSION})")
        }
        Verdict::Quarantined(refusal) => format!(
            "{}: {} (rule version {RULE_VERSION})",
            refusal.reason, refusal.detail
        ),
    }
}

fn key_text(record: &RawRecord) -> Option<String> {
    record.key.as_deref().map(visible_bytes)
}

/// Names with values; a header's null value stays one.
fn headers(record: &RawRecord) -> Vec<(String, Option<String>)> {
    let Some(headers) = &record.headers else {
        return Vec::new();
    };
    headers
        .chunks(2)
        .map(|pair| {
            let text = |index: usize| {
                pair.get(index)
                    .and_then(Option::as_deref)
                    .map(visible_bytes)
            };
            (text(0).unwrap_or_default(), text(1))
        })
        .collect()
}
