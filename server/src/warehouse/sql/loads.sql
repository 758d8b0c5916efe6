-- The newest loads of all streams, those of heartbeats left out. $1: how many.
SELECT loaded_at, stream, records, object_bytes, copy_ms, object
FROM load_history
WHERE object NOT LIKE 'heartbeats/%'
ORDER BY loaded_at DESC, end_offset DESC
LIMIT $1;
