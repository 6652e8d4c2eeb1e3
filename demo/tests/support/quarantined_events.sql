-- How far in the future an event is depends on when bronze took it; that it is does not.
SELECT kafka_partition, kafka_offset, event_id, rule_version, reason, state,
       CASE WHEN reason <> 'ts_future' THEN detail END AS detail
FROM silver.quarantined_events
