-- Where a stream's next batch begins, and when its last one landed. $1: stream.
SELECT MAX(end_offset), MAX(loaded_at) FROM load_history WHERE stream = $1;
