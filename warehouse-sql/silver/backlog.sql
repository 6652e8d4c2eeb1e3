-- What silver has yet to judge, in the partitions that have something.
SELECT count(*) AS partitions, coalesce(sum(p.record_count - coalesce(c.record_count, 0)), 0)::bigint AS records
FROM ops.partitions AS p
LEFT JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
WHERE p.record_count > coalesce(c.record_count, 0)
