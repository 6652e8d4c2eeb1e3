-- No event twice among the accepted. Counted, so that it does not lean on the unique index that should prevent it.
SELECT format('event %s was accepted %s times', event_id, count(*))
FROM silver.fct_order_events
GROUP BY event_id
HAVING count(*) > 1
