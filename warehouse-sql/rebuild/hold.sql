-- Whoever loads into silver, or releases from quarantine, waits; readers do not.
LOCK TABLE ops.silver_cursors IN EXCLUSIVE MODE
