-- A stretch of days and the one of the same length before it. $1 from, $2 to, $3 channel, $4 currency; the one before is
-- null where the stretch is open at an end.
WITH days AS (
    SELECT
        currency,
        sales_date >= coalesce($1::date, '-infinity') AS is_now,
        orders, units_sold, total_amount, net_amount, margin_amount
    FROM gold.sales_performance
    WHERE sales_date BETWEEN coalesce($1::date - ($2::date - $1::date + 1), $1::date, '-infinity') AND coalesce($2::date, 'infinity')
      AND ($3::text IS NULL OR channel = $3)
      AND ($4::text IS NULL OR currency = $4)
),
sums AS (
    SELECT
        currency,
        coalesce(sum(orders) FILTER (WHERE is_now), 0)         AS orders,
        coalesce(sum(units_sold) FILTER (WHERE is_now), 0)     AS units_sold,
        coalesce(sum(total_amount) FILTER (WHERE is_now), 0)   AS total_amount,
        coalesce(sum(net_amount) FILTER (WHERE is_now), 0)     AS net_amount,
        coalesce(sum(margin_amount) FILTER (WHERE is_now), 0)  AS margin_amount,
        coalesce(sum(orders) FILTER (WHERE NOT is_now), 0)        AS earlier_orders,
        coalesce(sum(total_amount) FILTER (WHERE NOT is_now), 0)  AS earlier_total_amount,
        coalesce(sum(net_amount) FILTER (WHERE NOT is_now), 0)    AS earlier_net_amount,
        coalesce(sum(margin_amount) FILTER (WHERE NOT is_now), 0) AS earlier_margin_amount,
        $1::date IS NOT NULL AND $2::date IS NOT NULL             AS has_earlier
    FROM days
    GROUP BY currency
)
SELECT
    currency,
    orders::bigint                                                                          AS orders,
    units_sold::bigint                                                                      AS units_sold,
    total_amount::text                                                                      AS total_amount,
    net_amount::text                                                                        AS net_amount,
    margin_amount::text                                                                     AS margin_amount,
    round(total_amount / nullif(orders, 0), 2)::text                                        AS average_ticket,
    CASE WHEN has_earlier THEN earlier_orders::bigint END                                   AS previous_orders,
    CASE WHEN has_earlier THEN earlier_net_amount::text END                                 AS previous_net_amount,
    CASE WHEN has_earlier THEN earlier_margin_amount::text END                              AS previous_margin_amount,
    CASE WHEN has_earlier THEN round(earlier_total_amount / nullif(earlier_orders, 0), 2)::text END
                                                                                            AS previous_average_ticket
FROM sums
ORDER BY currency
