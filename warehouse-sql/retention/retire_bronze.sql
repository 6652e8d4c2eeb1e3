-- One day of bronze: dropped, or kept and why; no row where no day is due.
-- $1 how long bronze is kept, in seconds; $2 the day after which to look (null: from the first on)
SELECT retired_day, outcome, detail, record_count, byte_count, open_quarantine_count
FROM ops.retire_bronze(make_interval(secs => $1::double precision), coalesce($2::date, '-infinity'))
