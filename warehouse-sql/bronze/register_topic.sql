-- The row of this life of the topic, made if it is new.
-- $1 name, $2 Kafka's topic id
WITH made AS (
    INSERT INTO ops.topics (topic_name, kafka_topic_id)
    VALUES ($1, $2)
    ON CONFLICT (topic_name, kafka_topic_id) DO NOTHING
    RETURNING topic_id
)
SELECT topic_id, true AS is_new FROM made
UNION ALL
SELECT topic_id, false FROM ops.topics WHERE topic_name = $1 AND kafka_topic_id = $2
