//! The rows that the console answers with.

use chrono::{DateTime, NaiveDate, Utc};

use super::columns::{Amount, rows};

rows! {
    /// How a product sold; returned and cancelled lines count negative.
    ProductSales {
        /// The shop's number of the product.
        product_id: String,
        /// Its name, by the latest event.
        product_name: Option<String>,
        /// Its category, by the latest event.
        category: Option<String>,
        /// ISO 4217.
        currency: String,
        /// Lines of orders.
        lines: i64,
        /// Pieces.
        quantity: i64,
        /// Price times quantity.
        gross_amount: Amount,
        /// Discounts.
        discount_amount: Amount,
        /// Gross less discounts.
        revenue_amount: Amount,
        /// What the goods cost the shop.
        cost_amount: Amount,
        /// Revenue less cost.
        margin_amount: Amount,
    }

    /// A day's sales in a currency and channel.
    DailySales {
        /// The day (UTC).
        sales_date: NaiveDate,
        /// ISO 4217.
        currency: String,
        /// web, mobile, in_store or import.
        channel: String,
        /// Orders placed.
        orders: i64,
        /// Pieces ordered.
        units_sold: i64,
        /// Price times quantity.
        gross_amount: Amount,
        /// Discounts.
        discount_amount: Amount,
        /// Taxes.
        tax_amount: Amount,
        /// Shipping.
        shipping_amount: Amount,
        /// What the customers were to pay.
        total_amount: Amount,
        /// Returns.
        returns: i64,
        /// What was paid back for them.
        returned_amount: Amount,
        /// Cancellations.
        cancellations: i64,
        /// What was not to be paid because of them.
        cancelled_amount: Amount,
        /// Total less returns and cancellations.
        net_amount: Amount,
        /// What the goods cost the shop, less those that came back.
        cost_amount: Amount,
        /// What is left of the goods' revenue after their cost.
        margin_amount: Amount,
        /// Known customers who ordered.
        customers: i64,
        /// Total by orders; null without orders.
        average_ticket: Option<Amount>,
    }

    /// Sales of one hour of the week.
    HourSales {
        /// 1 is Monday.
        weekday: i32,
        /// 0 to 23, UTC.
        hour: i32,
        /// ISO 4217.
        currency: String,
        /// Orders placed.
        orders: i64,
        /// What the customers were to pay.
        total_amount: Amount,
        /// Total less returns and cancellations.
        net_amount: Amount,
    }

    /// Sales of a stretch of days, and of the one of the same length before it.
    SalesTotals {
        /// ISO 4217.
        currency: String,
        /// Orders placed.
        orders: i64,
        /// Pieces ordered.
        units_sold: i64,
        /// What the customers were to pay.
        total_amount: Amount,
        /// Total less returns and cancellations.
        net_amount: Amount,
        /// What is left of the goods' revenue after their cost.
        margin_amount: Amount,
        /// Total by orders; null without orders.
        average_ticket: Option<Amount>,
        /// Of the stretch before; null where the stretch asked for is open at an end.
        previous_orders: Option<i64>,
        /// Of the stretch before.
        previous_net_amount: Option<Amount>,
        /// Of the stretch before.
        previous_margin_amount: Option<Amount>,
        /// Of the stretch before; null without orders.
        previous_average_ticket: Option<Amount>,
    }

    /// How a category sold; returned and cancelled lines count negative.
    CategorySales {
        /// The category as the lines name it.
        category: String,
        /// ISO 4217.
        currency: String,
        /// Lines of orders.
        lines: i64,
        /// Pieces.
        quantity: i64,
        /// Price times quantity.
        gross_amount: Amount,
        /// Discounts.
        discount_amount: Amount,
        /// Gross less discounts.
        revenue_amount: Amount,
        /// What the goods cost the shop.
        cost_amount: Amount,
        /// Revenue less cost.
        margin_amount: Amount,
    }

    /// Where customers ordered from.
    CountrySales {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// ISO 4217.
        currency: String,
        /// Orders placed.
        orders: i64,
        /// Pieces ordered.
        units_sold: i64,
        /// What the customers were to pay.
        total_amount: Amount,
        /// Total less returns and cancellations.
        net_amount: Amount,
    }

    /// How customers meant to pay.
    PaymentSales {
        /// The method.
        payment_method: String,
        /// ISO 4217.
        currency: String,
        /// Orders placed.
        orders: i64,
        /// What the customers were to pay.
        total_amount: Amount,
    }

    /// How many orders took a step of their life.
    FunnelStep {
        /// The step.
        step: String,
        /// Orders.
        orders: i64,
        /// Of these, those of which the time since the step before is known.
        timed_orders: i64,
    }

    /// The known customers of a segment.
    Segment {
        /// ISO 4217.
        currency: String,
        /// Its name.
        segment: String,
        /// Customers in it now.
        customers: i64,
        /// Their orders of all time.
        orders: i64,
        /// What they paid, less returns and cancellations.
        net_amount: Amount,
        /// Of all customers of the currency.
        share_of_customers: Option<Amount>,
        /// Of their net amount.
        share_of_net_amount: Option<Amount>,
    }

    /// Who of a month's new customers came back so many months later.
    Cohort {
        /// ISO 4217.
        currency: String,
        /// The month of the first order, as its first day.
        cohort_month: NaiveDate,
        /// Months since then.
        months_since: i32,
        /// Customers of the cohort.
        cohort_customers: i64,
        /// Of these, those who ordered.
        customers: i64,
        /// Their orders.
        orders: i64,
        /// What they paid, less returns and cancellations.
        net_amount: Amount,
        /// Customers by cohort_customers.
        retention: Option<Amount>,
    }

    /// A currency in which something was sold.
    CurrencySummary {
        /// ISO 4217.
        currency: String,
        /// Orders placed.
        orders: i64,
        /// The first day with sales.
        first_date: NaiveDate,
        /// The last day with sales.
        last_date: NaiveDate,
    }

    /// The ledger of one Kafka partition.
    LedgerOfPartition {
        /// The topic.
        topic_name: String,
        /// Which life of the topic.
        topic_id: i32,
        /// The partition.
        kafka_partition: i32,
        /// The first offset that bronze answers for.
        start_offset: i64,
        /// The offset after the last one that bronze answers for.
        next_offset: i64,
        /// The partition's end as Kafka last told it.
        high_watermark: Option<i64>,
        /// Offsets that bronze has yet to take.
        kafka_pending: Option<i64>,
        /// Records in bronze.
        bronze_records: i64,
        /// Their bytes.
        bronze_bytes: i64,
        /// Offsets that hold no record.
        gap_offsets: i64,
        /// Records whose event is in silver.
        accepted: i64,
        /// Copies of accepted events.
        duplicate: i64,
        /// Records in quarantine.
        quarantined: i64,
        /// Records that silver has yet to judge.
        pending: i64,
        /// Whether all of it adds up.
        is_balanced: bool,
        /// When bronze last moved (UTC).
        updated_at: DateTime<Utc>,
    }

    /// How long the batches of the last minute took for a part of the way.
    FreshnessOfStage {
        /// The part of the way.
        stage: String,
        /// Batches.
        batches: i64,
        /// Median, seconds.
        p50_seconds: Option<f64>,
        /// 95th percentile, seconds.
        p95_seconds: Option<f64>,
        /// 99th percentile, seconds.
        p99_seconds: Option<f64>,
    }

    /// A run that someone asked for.
    Run {
        /// Its number.
        run_id: i64,
        /// manual, scheduled or rebuild.
        kind: String,
        /// requested, running, succeeded or failed.
        status: String,
        /// When it was asked for (UTC).
        requested_at: DateTime<Utc>,
        /// By whom.
        requested_by: String,
        /// When it began (UTC).
        started_at: Option<DateTime<Utc>>,
        /// When it ended (UTC).
        ended_at: Option<DateTime<Utc>>,
        /// How often it was begun.
        attempts: i32,
        /// Bronze records that it worked off.
        row_count: Option<i64>,
        /// What came of it.
        outcome: Option<String>,
    }

    /// Why records are in quarantine.
    QuarantineReason {
        /// Reason code.
        reason: String,
        /// open, released or discarded.
        state: String,
        /// Records.
        events: i64,
        /// When the first came (UTC).
        first_at: DateTime<Utc>,
        /// When the last came (UTC).
        last_at: DateTime<Utc>,
    }

    /// A record in quarantine.
    QuarantinedRecord {
        /// The topic.
        topic_name: String,
        /// Which life of the topic.
        topic_id: i32,
        /// The partition.
        kafka_partition: i32,
        /// The offset.
        kafka_offset: i64,
        /// The event's id, where it could be read.
        event_id: Option<String>,
        /// Reason code.
        reason: String,
        /// What was found.
        detail: String,
        /// Version of the rules.
        rule_version: i32,
        /// open, released or discarded.
        state: String,
        /// When bronze took it (UTC).
        ingested_at: DateTime<Utc>,
        /// When it was judged (UTC).
        quarantined_at: DateTime<Utc>,
    }
}
