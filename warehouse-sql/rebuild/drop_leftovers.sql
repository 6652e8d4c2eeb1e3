DROP SCHEMA IF EXISTS silver_next, gold_next, ops_next, silver_old, gold_old, ops_old CASCADE
