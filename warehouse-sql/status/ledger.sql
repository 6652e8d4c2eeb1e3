SELECT
    coalesce(sum(kafka_pending), 0)::bigint                     AS kafka_pending,
    coalesce(sum(bronze_records), 0)::bigint                    AS bronze,
    coalesce(sum(bronze_bytes), 0)::bigint                      AS bronze_bytes,
    coalesce(sum(pending), 0)::bigint                           AS bronze_pending,
    coalesce(sum(accepted), 0)::bigint                          AS accepted,
    coalesce(sum(duplicate), 0)::bigint                         AS duplicate,
    coalesce(sum(quarantined), 0)::bigint                       AS quarantined,
    (SELECT silver_pending FROM ops.lag)                        AS silver_pending,
    coalesce(bool_and(is_balanced), true)                       AS is_balanced
FROM ops.ledger
