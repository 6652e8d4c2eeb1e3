SELECT reason, count(*) FROM silver.quarantined_events GROUP BY reason ORDER BY reason
