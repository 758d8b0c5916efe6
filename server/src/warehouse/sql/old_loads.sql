-- The oldest loads of a shard, in order, all but the newest. Of heartbeats, which leave one object for all, no record is
-- counted. $1: stream, $2: shard, $3: how many are the newest, $4: how many at most.
SELECT start_offset, end_offset, CASE WHEN object LIKE 'heartbeats/%' THEN 0 ELSE records END, object_bytes, copy_ms,
       loaded_at, checkpoint
FROM (
    SELECT start_offset, end_offset, object, records, object_bytes, copy_ms, loaded_at, checkpoint,
           ROW_NUMBER() OVER (ORDER BY end_offset DESC) AS age
    FROM load_history
    WHERE stream = $1 AND shard = $2
) AS aged
WHERE age > $3
ORDER BY start_offset
LIMIT $4;
