INSERT INTO silver.dim_currencies (currency_code) VALUES ('EUR'), ('USD');
INSERT INTO silver.dim_products (product_id, product_name, category)
SELECT format('p%s', n), CASE n WHEN 1 THEN '<script>alert(1)</script>' WHEN 2 THEN '=cmd|'' /C calc''!A0' ELSE format('Name "%s", ä', n) END,
       (ARRAY['toys', 'books', 'it''s; DROP TABLE x'])[1 + n % 3]
FROM generate_series(1, 40) AS n;
INSERT INTO gold.product_performance_sums
SELECT date '2026-03-01' + d, format('p%s', n), currency, 2, n % 7 - 1, n * 10.25 + d, d, n
FROM generate_series(1, 40) AS n, generate_series(0, 9) AS d, unnest('{EUR,USD}'::text[]) AS currency;
INSERT INTO gold.sales_summary_sums
SELECT product_id, currency, sum(lines), sum(quantity), sum(gross_amount), sum(discount_amount), sum(cost_amount)
FROM gold.product_performance_sums GROUP BY 1, 2;
INSERT INTO gold.item_category_performance_sums
SELECT s.sales_date, p.category, s.currency, sum(lines), sum(quantity), sum(gross_amount), sum(discount_amount), sum(cost_amount)
FROM gold.product_performance_sums AS s JOIN silver.dim_products AS p USING (product_id) GROUP BY 1, 2, 3;
INSERT INTO gold.sales_performance_sums (sales_date, currency, channel, orders, units_sold, gross_amount, discount_amount,
    tax_amount, shipping_amount, total_amount, returns, units_returned, returned_amount, returned_goods_amount,
    cancellations, cancelled_amount, cost_amount, cancelled_goods_amount)
SELECT date '2026-03-01' + d, currency, channel, d, d * 2, 100.5 * d, 1, 2, 3, 104.5 * d, 1, 1, 10, 9, 1, 5.25, 50, 5
FROM generate_series(0, 9) AS d, unnest('{EUR,USD}'::text[]) AS currency, unnest('{web,mobile,in_store}'::text[]) AS channel;
INSERT INTO gold.sales_hourly_sums (sales_hour, currency, channel, orders, units_sold, gross_amount, discount_amount,
    tax_amount, shipping_amount, total_amount, returns, units_returned, returned_amount, returned_goods_amount,
    cancellations, cancelled_amount, cost_amount, cancelled_goods_amount)
SELECT timestamptz '2026-03-01 00:00Z' + make_interval(hours => h * 5), currency, 'web', 1, 1, 10, 0, 0, 0, 10.01, 0, 0, 1, 1, 0, 0, 5, 0
FROM generate_series(0, 47) AS h, unnest('{EUR,USD}'::text[]) AS currency;
INSERT INTO gold.geography_sales_sums
SELECT date '2026-03-01' + d, 'EUR', country, 'Town', 1, 2, 10.5, 1, 0.5 FROM generate_series(0, 9) AS d, unnest('{FR,DE}'::text[]) AS country;
INSERT INTO gold.payment_mix_sums
SELECT date '2026-03-01' + d, 'EUR', method, 3, 30.3 FROM generate_series(0, 9) AS d, unnest('{card,cash}'::text[]) AS method;
INSERT INTO gold.order_funnel_sums VALUES ('2026-03-01', 'placed', 10, 0), ('2026-03-02', 'placed', 5, 0), ('2026-03-02', 'paid', 7, 6);
INSERT INTO gold.customer_segments_sums VALUES ('EUR', '2026-03-10', 5, 5, 3, 30, 9000), ('EUR', '2026-01-01', 1, 1, 7, 7, 70);
INSERT INTO gold.cohort_retention_sums
SELECT 'EUR', make_date(2026, 1 + c, 1), m, 10 - m, 20 - m, 100.5 FROM generate_series(0, 2) AS c, generate_series(0, 2 - c) AS m;
INSERT INTO ops.topics (topic_name, kafka_topic_id) VALUES ('shop', 'life-1');
INSERT INTO ops.partitions (topic_id, kafka_partition, next_offset, record_count, high_watermark) VALUES (1, 0, 100, 100, 120), (1, 1, 50, 50, 50);
INSERT INTO ops.silver_cursors (topic_id, kafka_partition, next_offset, record_count, accepted_count, quarantined_count)
VALUES (1, 0, 90, 90, 85, 5), (1, 1, 50, 50, 50, 0);
INSERT INTO silver.quarantined_events (topic_id, kafka_partition, kafka_offset, rule_version, reason, detail, ingested_at, quarantined_at)
SELECT 1, 0, n, 1, (ARRAY['bad_magic', 'truncated'])[1 + n % 2], format('detail %s <b>', n), now(), timestamptz '2026-03-01Z' + make_interval(mins => n / 2)
FROM generate_series(1, 25) AS n;
