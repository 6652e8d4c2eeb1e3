-- How many other lives of a topic the ledger knows.
-- $1 name, $2 Kafka's topic id of this life
SELECT count(*) FROM ops.topics WHERE topic_name = $1 AND kafka_topic_id <> $2
