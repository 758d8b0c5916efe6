-- The newest loads of all streams, those of heartbeats and rows that stand for many left out. $1: how many.
SELECT loaded_at, stream, records, object_bytes, copy_ms, object
FROM load_history
WHERE object NOT LIKE 'heartbeats/%' AND object NOT LIKE 'folded/%'
ORDER BY loaded_at DESC, end_offset DESC
LIMIT $1;
