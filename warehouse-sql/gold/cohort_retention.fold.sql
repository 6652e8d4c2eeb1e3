INSERT INTO gold.cohort_retention_sums AS m
SELECT * FROM cohort_retention ORDER BY currency, cohort_month, months_since
ON CONFLICT (currency, cohort_month, months_since) DO UPDATE SET
    customers  = m.customers + excluded.customers,
    orders     = m.orders + excluded.orders,
    net_amount = m.net_amount + excluded.net_amount
