//! Tables and summaries on stdout.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};
use service_kit::{Failure, Outcome};
use warehouse::Warehouse;
use warehouse::quarantine::{QuarantinedRow, ReasonSummary, reasons, rows};

use super::ListArgs;
use super::display::visible;
use super::release::Released;

const TIME: &str = "%Y-%m-%d %H:%M:%S";
/// Characters of a detail in a table.
const DETAIL_CHARS: usize = 80;

pub(super) async fn run(warehouse: &Warehouse, args: &ListArgs) -> Outcome {
    let filter = args.which.filter(args.state.name());
    let limit = i64::from(args.limit);
    let session = warehouse.connect().await?;
    let text = if args.rows {
        let found = rows(&session, &filter, limit).await?;
        match args.json {
            true => json_text(&found.iter().map(row_json).collect())?,
            false => rows_table(&found),
        }
    } else {
        let found = reasons(&session, &filter, limit).await?;
        match args.json {
            true => json_text(&found.iter().map(reason_json).collect())?,
            false => reasons_table(&found),
        }
    };
    session.release();
    print(&text);
    Ok(())
}

fn reasons_table(found: &[ReasonSummary]) -> String {
    if found.is_empty() {
        return "nothing in quarantine by this filter\n".into();
    }
    let mut text = format!(
        "{:<20} {:<10} {:>9}  {:<19}  {:<19}  example\n",
        "reason", "state", "records", "first", "last"
    );
    for summary in found {
        let _ = writeln!(
            text,
            "{:<20} {:<10} {:>9}  {:<19}  {:<19}  {}: {}",
            visible(&summary.reason),
            summary.state,
            summary.records,
            summary.first_at.format(TIME),
            summary.last_at.format(TIME),
            visible(&summary.example),
            shortened(&summary.example_detail)
        );
    }
    text
}

fn rows_table(found: &[QuarantinedRow]) -> String {
    if found.is_empty() {
        return "nothing in quarantine by this filter\n".into();
    }
    let mut text = format!(
        "{:<19}  {:<32} {:<18} {:<10} detail\n",
        "quarantined", "topic/partition/offset", "reason", "state"
    );
    for row in found {
        let _ = writeln!(
            text,
            "{:<19}  {:<32} {:<18} {:<10} {}",
            row.quarantined_at.format(TIME),
            visible(&place(row)),
            visible(&row.reason),
            row.state,
            shortened(&row.detail)
        );
    }
    text
}

pub(super) fn place(row: &QuarantinedRow) -> String {
    let position = row.position;
    format!(
        "{}/{}/{}",
        row.topic_name, position.kafka_partition, position.kafka_offset
    )
}

fn shortened(detail: &str) -> String {
    let shown = visible(detail);
    match shown.char_indices().nth(DETAIL_CHARS) {
        Some((cut_at, _)) => format!("{}…", shown.get(..cut_at).unwrap_or_default()),
        None => shown,
    }
}

fn reason_json(summary: &ReasonSummary) -> Value {
    json!({
        "reason": summary.reason,
        "state": summary.state,
        "records": summary.records,
        "first_at": summary.first_at,
        "last_at": summary.last_at,
        "example": summary.example,
        "example_detail": summary.example_detail,
    })
}

pub(super) fn row_json(row: &QuarantinedRow) -> Value {
    json!({
        "topic": row.topic_name,
        "topic_id": row.position.topic_id,
        "partition": row.position.kafka_partition,
        "offset": row.position.kafka_offset,
        "event_id": row.event_id,
        "reason": row.reason,
        "detail": row.detail,
        "rule_version": row.rule_version,
        "state": row.state,
        "ingested_at": row.ingested_at,
        "quarantined_at": row.quarantined_at,
        "rejudged_at": row.rejudged_at,
        "resolved_at": row.resolved_at,
        "resolution_note": row.resolution_note,
    })
}

pub(super) fn json_text(value: &Value) -> Result<String, Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::Internal(error.into()))?;
    Ok(format!("{text}\n"))
}

pub(super) fn print_release(sum: &Released, dry_run: bool, json: bool) -> Outcome {
    if json {
        let mut value =
            serde_json::to_value(sum).map_err(|error| Failure::Internal(error.into()))?;
        if let Value::Object(fields) = &mut value {
            fields.insert("dry_run".into(), dry_run.into());
        }
        print(&json_text(&value)?);
        return Ok(());
    }
    let verb = if dry_run {
        "would be released (dry run: nothing was kept)"
    } else {
        "released"
    };
    let mut text = format!(
        "{} of {} records {verb}: {} accepted, {} duplicates\n",
        sum.accepted + sum.duplicate,
        sum.records(),
        sum.accepted,
        sum.duplicate
    );
    if sum.refused_again > 0 {
        let _ = writeln!(
            text,
            "{} were refused again and stay open: `transformer quarantine list` says why",
            sum.refused_again
        );
    }
    if sum.bytes_gone > 0 {
        let _ = writeln!(
            text,
            "{} stay open unjudged, since the retention of bronze has dropped their bytes: read them from Kafka again \
             if it still has them, or discard them",
            sum.bytes_gone
        );
    }
    print(&text);
    Ok(())
}

/// A reader that has gone away is no failure of ours.
pub(super) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
