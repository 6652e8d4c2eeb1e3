SELECT kafka_pending, bronze_pending, silver_pending FROM ops.lag
