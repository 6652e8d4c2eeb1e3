-- What each gold transaction says it took, against the silver batches that say they were taken by it.
WITH taken AS (
    SELECT gold_batch_id, sum(batch_count) AS batches, sum(accepted_count) AS events, sum(line_count) AS lines
    FROM ops.silver_batches
    WHERE gold_batch_id IS NOT NULL
    GROUP BY gold_batch_id
)
SELECT format('gold batch %s: says %s silver batches, %s events, %s lines; they say %s, %s, %s',
              gold_batch_id, g.silver_batch_count, g.event_count, g.line_count, t.batches, t.events, t.lines)
FROM ops.gold_batches AS g
FULL JOIN taken AS t USING (gold_batch_id)
WHERE (g.silver_batch_count, g.event_count, g.line_count) IS DISTINCT FROM (t.batches, t.events, t.lines::numeric)
