-- The marts by product as 5,000,000 order lines make them: 500 products, 3 currencies, a year.
INSERT INTO silver.dim_currencies (currency_code) VALUES ('EUR'), ('USD'), ('GBP');
INSERT INTO silver.dim_products (product_id, product_name, category)
SELECT format('P%s', lpad(n::text, 5, '0')), format('Product number %s', n), format('category %s', n % 12)
FROM generate_series(0, 499) AS n;
INSERT INTO gold.product_performance_sums
SELECT date '2026-01-01' + (n % 365)::integer, format('P%s', lpad(((n * 7919) % 500)::text, 5, '0')),
       (ARRAY['EUR', 'USD', 'GBP'])[1 + n / 7 % 3], count(*), sum(1 + n % 4), sum(5 + n % 200 + 0.99), sum(n % 3), sum(2 + n % 90)
FROM generate_series(1::bigint, 5000000) AS n
GROUP BY 1, 2, 3;
INSERT INTO gold.sales_summary_sums
SELECT product_id, currency, sum(lines), sum(quantity), sum(gross_amount), sum(discount_amount), sum(cost_amount)
FROM gold.product_performance_sums
WHERE sales_date <= '2026-12-29'
GROUP BY 1, 2;
UPDATE gold.sales_summary_days SET summed_until = '2026-12-29';
VACUUM ANALYZE gold.product_performance_sums, gold.sales_summary_sums, silver.dim_products;
