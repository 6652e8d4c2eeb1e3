SELECT topic_name, topic_id, kafka_partition, start_offset, next_offset, high_watermark, kafka_pending, bronze_records,
       bronze_bytes, gap_offsets, accepted, duplicate, quarantined, pending, is_balanced, updated_at
FROM ops.ledger
ORDER BY topic_name, topic_id, kafka_partition
LIMIT 10000
