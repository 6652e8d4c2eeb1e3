GROUP BY q.reason, q.state
ORDER BY records DESC, q.reason, q.state
LIMIT $9
