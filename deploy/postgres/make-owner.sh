#!/bin/sh
# Run once by the postgres image, on an empty data directory: makes `migrator`, who owns the database and may create the
# services' roles, and is no superuser. Its password comes from the secret and is on no command line and in no log.
set -eu

secret=/run/secrets/migrator_password
if [ ! -s "$secret" ]; then
    echo "error: $secret is missing or empty: run scripts/make-secrets, then start again with an empty volume" >&2
    exit 1
fi
MIGRATOR_PASSWORD=$(cat "$secret")
export MIGRATOR_PASSWORD
# The entrypoint may call this with POSTGRES_DB's database; roles and databases are the cluster's.
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    -v database="${ASSAY_DATABASE:?is the name of the database: set POSTGRES_DB in .env}" <<'SQL'
\getenv password MIGRATOR_PASSWORD
-- A statement that fails is logged with its text, and this one holds a password.
SET log_min_error_statement = panic;
SET log_statement = 'none';
CREATE ROLE migrator LOGIN CREATEROLE PASSWORD :'password';
RESET log_min_error_statement;
CREATE DATABASE :"database" OWNER migrator;
\connect :"database"
-- Large objects belong to whoever makes them, and nobody here does: else whoever may read could fill the disk.
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid), pg_catalog.lo_creat(integer), pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
SQL
