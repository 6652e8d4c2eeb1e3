INSERT INTO gold.new_customers_sums AS m
SELECT * FROM new_customers ORDER BY sales_date, currency
ON CONFLICT (sales_date, currency) DO UPDATE SET
    customers = m.customers + excluded.customers
