-- $1 topic, $2 ingested at, then arrays with one element a partition: $3 partition, $4 first offset, $5 last offset,
-- $6 rows, $7 bytes, $8 oldest and $9 newest record
INSERT INTO ops.bronze_batches (topic_id, kafka_partition, first_offset, last_offset, row_count, byte_count,
                                oldest_record_at, newest_record_at, ingested_at)
SELECT $1, b.kafka_partition, b.first_offset, b.last_offset, b.row_count, b.byte_count, b.oldest_record_at,
       b.newest_record_at, $2
FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::integer[], $7::bigint[], $8::timestamptz[],
            $9::timestamptz[])
    AS b (kafka_partition, first_offset, last_offset, row_count, byte_count, oldest_record_at, newest_record_at)
