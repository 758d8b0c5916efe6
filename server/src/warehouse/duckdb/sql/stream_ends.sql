-- Where each shard's next batch begins, and when its last one landed. $1: stream.
SELECT shard, MAX(end_offset), MAX(loaded_at) FROM load_history WHERE stream = $1 GROUP BY shard;
