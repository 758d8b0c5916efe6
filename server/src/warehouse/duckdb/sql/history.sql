-- Every batch of a stream that was loaded, by shard and range. $1: stream.
SELECT shard, start_offset, end_offset, records, object
FROM load_history
WHERE stream = $1
ORDER BY shard, start_offset;
