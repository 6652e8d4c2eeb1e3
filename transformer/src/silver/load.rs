//! Writes one load, and isolates the row that the database refuses.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use event_contract::judge::RULE_VERSION;
use event_contract::{EventType, Item};
use warehouse::silver::{
    CustomerAttributes, FactBuffers, OrderEventRow, OrderLineRow, ProductAttributes, QuarantineRow,
    RecordPosition, SilverBatch, SilverTransaction,
};
use warehouse::{ErrorClass, WarehouseError};

use super::ClaimedRange;
use super::keys::{DimensionKeys, EventKeys};
use super::orders::fold_orders;
use super::verdicts::{JudgedRecord, LoadableEvent, SortedRecords, acceptable_ids, sort_out};

/// The unique constraints that concurrent loads of the same event, or of events of the same new order, run into.
pub(crate) const COLLISIONS: [&str; 2] = ["fct_order_events_event_id_key", "fct_orders_pkey"];
/// How often a load may meet events that others have just accepted before the whole transaction is tried again.
pub(crate) const MAX_COLLISIONS: usize = 20;

/// Gives every record its verdict and writes all of them, with the ledger's rows; everything but the commit.
pub(super) async fn load(
    transaction: &mut SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    judged: Vec<JudgedRecord>,
    ranges: &[ClaimedRange<'_>],
    started_at: DateTime<Utc>,
) -> Result<Vec<SilverBatch>, WarehouseError> {
    let event_ids = acceptable_ids(&judged);
    let mut refused: HashMap<RecordPosition, String> = HashMap::new();
    let mut collisions = 0;
    loop {
        let known = transaction.known_events(&event_ids).await?;
        let sorted = tokio::task::block_in_place(|| sort_out(&judged, &known, &refused));
        let attempt = transaction.attempt().await?;
        let error = match write(&attempt, keys, &sorted, ranges, started_at).await {
            Ok(batches) => {
                attempt.commit().await?;
                return Ok(batches);
            }
            Err(error) => error,
        };
        if error.class() != ErrorClass::Refused {
            return Err(error);
        }
        attempt.undo().await?;
        keys.settle(false);
        let is_collision = error
            .constraint()
            .is_some_and(|constraint| COLLISIONS.contains(&constraint));
        if is_collision && collisions < MAX_COLLISIONS {
            // Another load has accepted one of these events, or begun one of these orders, since we asked: ask again.
            collisions += 1;
            continue;
        }
        let Some((position, words)) = isolate(transaction, keys, &sorted.accepted).await? else {
            return Err(error);
        };
        tracing::warn!(
            ?position,
            words,
            "the database refuses an event: quarantined"
        );
        refused.insert(position, words);
    }
}

/// Finds an event that the database refuses, by halves. Nothing where each half alone is accepted.
pub(crate) async fn isolate(
    transaction: &mut SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    accepted: &[LoadableEvent<'_>],
) -> Result<Option<(RecordPosition, String)>, WarehouseError> {
    let mut suspects = accepted;
    while suspects.len() > 1 {
        let (left, right) = suspects.split_at(suspects.len() / 2);
        suspects = match probe(transaction, keys, left).await? {
            Some(_) => left,
            None => right,
        };
    }
    let Some(suspect) = suspects.first() else {
        return Ok(None);
    };
    let refusal = probe(transaction, keys, suspects).await?;
    Ok(refusal.map(|words| (suspect.position, words)))
}

/// Tries to write events without keeping them; answers the database's words where it refuses.
async fn probe(
    transaction: &mut SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    events: &[LoadableEvent<'_>],
) -> Result<Option<String>, WarehouseError> {
    let sorted = SortedRecords {
        accepted: events.to_vec(),
        ..SortedRecords::default()
    };
    let attempt = transaction.attempt().await?;
    let outcome = write_facts(&attempt, keys, &sorted).await;
    attempt.undo().await?;
    keys.settle(false);
    match outcome {
        Ok(_) => Ok(None),
        Err(error) if error.class() == ErrorClass::Refused => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

async fn write(
    attempt: &SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    sorted: &SortedRecords<'_>,
    ranges: &[ClaimedRange<'_>],
    started_at: DateTime<Utc>,
) -> Result<Vec<SilverBatch>, WarehouseError> {
    let first_key = write_facts(attempt, keys, sorted).await?;
    let batches = summarise(ranges, sorted, first_key);
    attempt.record(&batches, started_at).await?;
    Ok(batches)
}

/// Writes dimensions, facts and refusals; answers the key of the first event.
pub(crate) async fn write_facts(
    attempt: &SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    sorted: &SortedRecords<'_>,
) -> Result<i64, WarehouseError> {
    let customers = latest_customers(&sorted.accepted);
    let products = latest_products(&sorted.accepted);
    keys.learn(attempt, &sorted.accepted, &customers, &products)
        .await?;
    let first_key = attempt.take_event_keys().await?;
    let event_keys: Vec<EventKeys> = sorted
        .accepted
        .iter()
        .map(|loadable| keys.of_event(loadable.event))
        .collect::<Result<_, _>>()?;
    let buffers =
        tokio::task::block_in_place(|| fill_buffers(sorted, &event_keys, keys, first_key))?;
    attempt.copy_facts(buffers).await?;
    let keyed = sorted
        .accepted
        .iter()
        .zip(event_keys.iter().map(|keys| keys.order));
    attempt.write_orders(fold_orders(keyed)).await?;
    Ok(first_key)
}

fn latest_customers<'e>(events: &[LoadableEvent<'e>]) -> Vec<CustomerAttributes<'e>> {
    let mut latest: HashMap<&str, CustomerAttributes<'e>> = HashMap::new();
    for loadable in events {
        let customer = &loadable.event.customer;
        let Some(id) = customer.id.as_deref() else {
            continue;
        };
        let attributes = CustomerAttributes {
            id,
            customer_type: customer.customer_type.as_str(),
            country: &customer.country,
            city: &customer.city,
            at: loadable.event.event_timestamp,
            position: loadable.position,
        };
        let known = latest.entry(id).or_insert(attributes);
        if (attributes.at, attributes.position) > (known.at, known.position) {
            *known = attributes;
        }
    }
    latest.into_values().collect()
}

fn latest_products<'e>(events: &[LoadableEvent<'e>]) -> Vec<ProductAttributes<'e>> {
    let mut latest: HashMap<&str, ProductAttributes<'e>> = HashMap::new();
    for loadable in events {
        for item in &loadable.event.items {
            let attributes = ProductAttributes {
                id: &item.id,
                name: &item.name,
                category: &item.category,
                at: loadable.event.event_timestamp,
                position: loadable.position,
            };
            let known = latest.entry(&item.id).or_insert(attributes);
            // Of two lines of one event the last one counts.
            if (attributes.at, attributes.position) >= (known.at, known.position) {
                *known = attributes;
            }
        }
    }
    latest.into_values().collect()
}

fn fill_buffers(
    sorted: &SortedRecords<'_>,
    event_keys: &[EventKeys],
    keys: &DimensionKeys,
    first_key: i64,
) -> Result<FactBuffers, WarehouseError> {
    let mut buffers = FactBuffers::default();
    for ((loadable, keys_of_event), order_event_key) in
        sorted.accepted.iter().zip(event_keys).zip(first_key..)
    {
        push_event(&mut buffers, loadable, keys_of_event, order_event_key);
        for (item, line_no) in loadable.event.items.iter().zip(1i16..) {
            let line = line_row(
                loadable,
                keys_of_event,
                keys,
                item,
                order_event_key,
                line_no,
            )?;
            buffers.push_line(&line);
        }
    }
    for refused in &sorted.quarantined {
        buffers.push_quarantined(&QuarantineRow {
            position: refused.position,
            event_id: refused.event_id,
            rule_version: RULE_VERSION,
            reason: refused.reason.as_str(),
            detail: &refused.detail,
            ingested_at: refused.ingested_at,
        });
    }
    for duplicate in &sorted.duplicates {
        buffers.push_duplicate(duplicate);
    }
    Ok(buffers)
}

fn push_event(
    buffers: &mut FactBuffers,
    loadable: &LoadableEvent<'_>,
    keys: &EventKeys,
    order_event_key: i64,
) {
    let event = loadable.event;
    buffers.push_event(&OrderEventRow {
        order_event_key,
        event_id: event.event_id,
        order_id: &event.transaction_id,
        position: loadable.position,
        customer_key: keys.order.customer_key,
        location_key: keys.location_key,
        channel_key: keys.order.channel_key,
        currency_key: keys.order.currency_key,
        payment_method_key: keys.payment_method_key,
        order_status_key: keys.order.order_status_key,
        line_count: count(event.items.len()),
        units: loadable.units,
        event_at: event.event_timestamp,
        event_type: event.event_type.as_str(),
        event_version: &event.event_version,
        content_hash: &loadable.content_hash,
        subtotal_cents: event.order.subtotal.cents(),
        tax_cents: event.order.tax_amount.cents(),
        shipping_cents: event.order.shipping_amount.cents(),
        discount_cents: event.order.discount_amount.cents(),
        total_cents: event.order.total_amount.cents(),
        cost_cents: loadable.cost_cents,
    });
}

/// Returned lines are negative, so that lines simply add.
fn line_row(
    loadable: &LoadableEvent<'_>,
    keys_of_event: &EventKeys,
    keys: &DimensionKeys,
    item: &Item,
    order_event_key: i64,
    line_no: i16,
) -> Result<OrderLineRow, WarehouseError> {
    let sign: i32 = match loadable.event.event_type {
        EventType::OrderReturned => -1,
        _ => 1,
    };
    let times_quantity = |cents: i64| cents * i64::from(item.quantity) * i64::from(sign);
    Ok(OrderLineRow {
        order_event_key,
        product_key: keys.of_product(&item.id)?,
        category_key: keys.of_category(&item.category)?,
        currency_key: keys_of_event.order.currency_key,
        event_date: loadable.event.event_timestamp.date_naive(),
        quantity: item.quantity * sign,
        line_no,
        unit_price_cents: item.unit_price.cents(),
        gross_cents: times_quantity(item.unit_price.cents()),
        discount_cents: item.discount.cents() * i64::from(sign),
        cost_cents: times_quantity(item.cost.cents()),
    })
}

/// One ledger row a partition. `sorted.accepted` is in order of partition, and so are the keys.
fn summarise(
    ranges: &[ClaimedRange<'_>],
    sorted: &SortedRecords<'_>,
    first_key: i64,
) -> Vec<SilverBatch> {
    let mut batches = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (Some(last), Some(committed_at)) = (
            range.batches.last(),
            range.batches.iter().map(|batch| batch.committed_at).max(),
        ) else {
            continue;
        };
        let is_here = |position: &RecordPosition| {
            position.topic_id == range.cursor.topic_id
                && position.kafka_partition == range.cursor.kafka_partition
        };
        let accepted: Vec<(i64, &LoadableEvent<'_>)> = (first_key..)
            .zip(&sorted.accepted)
            .filter(|(_, loadable)| is_here(&loadable.position))
            .collect();
        let event_times = || {
            accepted
                .iter()
                .map(|(_, loadable)| loadable.event.event_timestamp)
        };
        let duplicates = sorted
            .duplicates
            .iter()
            .filter(|row| is_here(&row.position));
        let quarantined = sorted
            .quarantined
            .iter()
            .filter(|row| is_here(&row.position));
        let lines = accepted
            .iter()
            .map(|(_, loadable)| loadable.event.items.len());
        batches.push(SilverBatch {
            cursor: range.cursor,
            last_offset: last.last_offset,
            order_event_keys: accepted
                .first()
                .zip(accepted.last())
                .map(|(first, last)| (first.0, last.0)),
            bronze_batch_count: count(range.batches.len()),
            accepted_count: count(accepted.len()),
            duplicate_count: count(duplicates.count()),
            quarantined_count: count(quarantined.count()),
            line_count: count(lines.sum()),
            oldest_event_at: event_times().min(),
            newest_event_at: event_times().max(),
            bronze_committed_at: committed_at,
        });
    }
    batches
}

fn count(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}

/// Counts what was committed.
pub(super) fn count_outcomes(batches: &[SilverBatch]) {
    for (outcome, sum) in [
        (
            "accepted",
            batches
                .iter()
                .map(|batch| batch.accepted_count)
                .sum::<i32>(),
        ),
        (
            "duplicate",
            batches.iter().map(|batch| batch.duplicate_count).sum(),
        ),
        (
            "quarantined",
            batches.iter().map(|batch| batch.quarantined_count).sum(),
        ),
    ] {
        metrics::counter!("assay_transformer_records_total", "outcome" => outcome)
            .increment(u64::from(sum.unsigned_abs()));
    }
}
