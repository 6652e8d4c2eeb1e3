-- $1 manual or rebuild, $2 who asks.
SELECT ops.request_run($1, $2)
