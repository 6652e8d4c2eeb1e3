-- Where the live and the rebuilt silver stand, and what became of the records in each.
SELECT
    count(*) FILTER (WHERE l.next_offset IS DISTINCT FROM r.next_offset OR l.record_count IS DISTINCT FROM r.record_count)
                                                          AS partitions_apart,
    coalesce(sum(l.record_count), 0)::bigint              AS live_records,
    coalesce(sum(l.accepted_count), 0)::bigint            AS live_accepted,
    coalesce(sum(l.duplicate_count), 0)::bigint           AS live_duplicates,
    coalesce(sum(l.quarantined_count), 0)::bigint         AS live_quarantined,
    coalesce(sum(r.record_count), 0)::bigint              AS rebuilt_records,
    coalesce(sum(r.accepted_count), 0)::bigint            AS rebuilt_accepted,
    coalesce(sum(r.duplicate_count), 0)::bigint           AS rebuilt_duplicates,
    coalesce(sum(r.quarantined_count), 0)::bigint         AS rebuilt_quarantined
FROM (SELECT * FROM ops.silver_cursors WHERE record_count > 0) AS l
FULL JOIN ops_next.silver_cursors AS r USING (topic_id, kafka_partition)
