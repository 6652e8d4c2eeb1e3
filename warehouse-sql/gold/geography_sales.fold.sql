INSERT INTO gold.geography_sales_sums AS m
SELECT * FROM geography_sales ORDER BY sales_date, currency, country, city
ON CONFLICT (sales_date, currency, country, city) DO UPDATE SET
    orders           = m.orders + excluded.orders,
    units_sold       = m.units_sold + excluded.units_sold,
    total_amount     = m.total_amount + excluded.total_amount,
    returned_amount  = m.returned_amount + excluded.returned_amount,
    cancelled_amount = m.cancelled_amount + excluded.cancelled_amount
