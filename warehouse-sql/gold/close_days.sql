-- Closes the days that ended more than a day ago, where all that is known of them is in gold; from the closed days
-- outwards, so that they stay without holes. A day before the oldest in gold was never published, and stays open until
-- something of it is.
-- $1 at most so many, to each side
WITH known AS (
    SELECT
        (SELECT min(sales_date) FROM gold.sales_performance_sums) AS oldest,
        ((now() - interval '1 day') AT TIME ZONE 'UTC')::date - 1  AS newest,
        (SELECT min(day) FROM ops.closed_days)                    AS first_closed,
        (SELECT max(day) FROM ops.closed_days)                    AS last_closed
),
everything_is_in_gold AS (
    SELECT
        NOT EXISTS (SELECT FROM ops.silver_batches WHERE gold_batch_id IS NULL)
        -- Who has not moved for a day holds nobody up: a topic that is gone stays behind its last known end for good.
        AND NOT EXISTS (
            SELECT FROM ops.ledger
            WHERE pending > 0 OR (kafka_pending > 0 AND updated_at > now() - interval '1 day')
        ) AS is_true
),
closing AS (
    (
        SELECT day::date
        FROM known
        CROSS JOIN LATERAL generate_series(
            coalesce(known.last_closed + 1, known.oldest)::timestamp, known.newest::timestamp, interval '1 day') AS day
        LIMIT $1
    )
    UNION ALL
    (
        SELECT day::date
        FROM known
        CROSS JOIN LATERAL generate_series(
            (known.first_closed - 1)::timestamp, known.oldest::timestamp, interval '-1 day') AS day
        LIMIT $1
    )
)
INSERT INTO ops.closed_days (day)
SELECT day FROM closing WHERE (SELECT is_true FROM everything_is_in_gold)
