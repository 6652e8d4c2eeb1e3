-- One row for each figure of a closed day that the delta changes; to be run before the delta is folded in.
-- After: late, one row per changed cell, with its day, the delta and what is stored as JSON.
-- $2 gold batch id, $3 mart, $4 the columns of its key
INSERT INTO ops.restatements (gold_batch_id, day, mart, measure, cause, cell, old_value, new_value)
SELECT
    $2::bigint,
    late.day,
    $3::text,
    change.measure,
    'late_data',
    (
        SELECT jsonb_object_agg(name, late.delta -> name)
        FROM unnest($4::text[]) AS name
        WHERE name NOT IN ('sales_date', 'step_date')
    ),
    old.value,
    old.value + change.value::numeric
FROM late
CROSS JOIN LATERAL jsonb_each_text(late.delta - $4::text[]) AS change (measure, value)
CROSS JOIN LATERAL (SELECT coalesce((late.stored ->> change.measure)::numeric, 0)) AS old (value)
WHERE change.value::numeric <> 0
ORDER BY late.day, late.delta::text, change.measure
