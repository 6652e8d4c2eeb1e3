-- $1 currency.
SELECT currency, segment, customers, orders, net_amount::text AS net_amount,
       share_of_customers::text AS share_of_customers, share_of_net_amount::text AS share_of_net_amount
FROM gold.customer_segments
WHERE $1::text IS NULL OR currency = $1
ORDER BY currency, customers DESC, segment
