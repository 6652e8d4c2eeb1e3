SELECT reason, state, count(*) AS events, min(quarantined_at) AS first_at, max(quarantined_at) AS last_at
FROM ops.quarantine
GROUP BY reason, state
ORDER BY count(*) DESC, reason, state
