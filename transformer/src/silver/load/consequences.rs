//! What a load's events bring about for their orders: new snapshots, steps taken, lines that a cancellation takes back.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use warehouse::WarehouseError;
use warehouse::silver::{
    OrderLine, OrderLineRow, OrderRow, OrderSnapshot, OrderStepRow, SilverTransaction,
};

use super::rows::FilledFacts;
use crate::silver::orders::{OrderEvent, TakenBack, merge, step_changes, taken_back_changes};
use crate::silver::verdicts::LoadableEvent;

/// An order before and after a load.
pub(super) struct OrderChange<'e> {
    order_id: &'e str,
    before: Option<OrderSnapshot>,
    after: OrderSnapshot,
    /// The event of the load that has the rows that the change makes.
    carrier_key: i64,
}

/// What was written for an order beyond its events' own lines, under one of its events.
pub(super) struct Consequence {
    /// The event.
    pub(super) order_event_key: i64,
    /// Lines taken back, and such that were put right.
    pub(super) line_count: usize,
    /// The oldest time on which any of it counts.
    pub(super) oldest: DateTime<Utc>,
    /// The newest.
    pub(super) newest: DateTime<Utc>,
}

/// Locks the orders of these events, in order of their ids, and works out what they come to.
pub(super) async fn change_orders<'e>(
    attempt: &SilverTransaction<'_>,
    events: &[LoadableEvent<'e>],
    facts: &FilledFacts,
) -> Result<Vec<OrderChange<'e>>, WarehouseError> {
    let mut by_order: Vec<(&str, OrderEvent)> = events
        .iter()
        .map(|loadable| loadable.event.transaction_id.as_str())
        .zip(facts.order_events.iter().copied())
        .collect();
    by_order.sort_by_key(|(order_id, event)| (*order_id, event.order_event_key));
    let groups: Vec<(&str, Vec<OrderEvent>)> = by_order
        .chunk_by(|one, other| one.0 == other.0)
        .filter_map(|group| {
            let (order_id, _) = group.first()?;
            Some((*order_id, group.iter().map(|(_, event)| *event).collect()))
        })
        .collect();
    let order_ids: Vec<&str> = groups.iter().map(|(order_id, _)| *order_id).collect();
    let known = attempt.lock_orders(&order_ids).await?;
    Ok(groups
        .into_iter()
        .filter_map(|(order_id, events)| {
            let before = known.get(order_id).copied();
            Some(OrderChange {
                order_id,
                before,
                after: merge(before, &events)?,
                carrier_key: events.first()?.order_event_key,
            })
        })
        .collect())
}

/// Writes the snapshots: those of new orders are copied, known ones updated.
pub(super) async fn write_orders(
    attempt: &SilverTransaction<'_>,
    changes: &[OrderChange<'_>],
) -> Result<(), WarehouseError> {
    let rows = |is_new: bool| -> Vec<OrderRow<'_>> {
        changes
            .iter()
            .filter(|change| change.before.is_none() == is_new)
            .map(|change| OrderRow {
                order_id: change.order_id,
                snapshot: change.after,
            })
            .collect()
    };
    attempt.copy_orders(&rows(true)).await?;
    attempt.update_orders(&rows(false)).await
}

/// Appends the rows of steps and of lines taken back to the load's buffers.
pub(super) async fn write_consequences(
    attempt: &SilverTransaction<'_>,
    changes: &[OrderChange<'_>],
    facts: &mut FilledFacts,
) -> Result<Vec<Consequence>, WarehouseError> {
    let elsewhere: BTreeSet<i64> = changes
        .iter()
        .flat_map(|change| {
            let (undone, taken) = taken_back_changes(change.before.as_ref(), &change.after);
            undone.into_iter().chain(taken)
        })
        .map(|taken| taken.placed_event_key)
        .filter(|key| facts.lines_of(*key).is_none())
        .collect();
    let elsewhere: Vec<i64> = elsewhere.into_iter().collect();
    let stored = attempt.placed_lines(&elsewhere).await?;
    Ok(changes
        .iter()
        .filter_map(|change| push_consequences(change, facts, &stored))
        .collect())
}

fn push_consequences(
    change: &OrderChange<'_>,
    facts: &mut FilledFacts,
    stored: &HashMap<i64, Vec<OrderLine>>,
) -> Option<Consequence> {
    let mut times: Vec<DateTime<Utc>> = Vec::new();
    let steps = step_changes(change.before.as_ref(), &change.after);
    for ((step, orders), step_no) in steps.into_iter().zip(1i16..) {
        times.push(step.at);
        facts.buffers.push_step(&OrderStepRow {
            order_event_key: change.carrier_key,
            step_no,
            step: step.step,
            step_date: step.at.date_naive(),
            seconds_since_previous: step.seconds_since_previous,
            orders,
        });
    }
    let (undone, taken) = taken_back_changes(change.before.as_ref(), &change.after);
    let lines_of = |taken: &TakenBack| -> Vec<OrderLine> {
        let key = taken.placed_event_key;
        let lines = facts
            .lines_of(key)
            .or_else(|| stored.get(&key).map(Vec::as_slice));
        lines.unwrap_or_default().to_vec()
    };
    let mut lines: Vec<(TakenBack, OrderLine)> = Vec::new();
    if let Some(undone) = undone {
        lines.extend(lines_of(&undone).into_iter().map(|line| (undone, line)));
    }
    if let Some(taken) = taken {
        let negated = lines_of(&taken).into_iter().map(OrderLine::negated);
        lines.extend(negated.map(|line| (taken, line)));
    }
    let line_count = lines.len();
    for ((taken, line), position) in lines.into_iter().zip(1i16..) {
        times.push(taken.at);
        facts.buffers.push_line(&OrderLineRow {
            order_event_key: change.carrier_key,
            line_no: -position,
            event_date: taken.day(),
            line,
        });
    }
    Some(Consequence {
        order_event_key: change.carrier_key,
        line_count,
        oldest: times.iter().copied().min()?,
        newest: times.iter().copied().max()?,
    })
}
