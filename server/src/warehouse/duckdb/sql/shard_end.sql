-- Where a shard's next batch begins, and what its source calls the record before. $1: stream, $2: shard.
SELECT end_offset, checkpoint
FROM load_history
WHERE stream = $1 AND shard = $2
ORDER BY end_offset DESC
LIMIT 1;
