-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
SELECT ARRAY[currency, sales_date::text] AS keys, ARRAY[customers]::text[] AS measures
FROM gold.new_customers
