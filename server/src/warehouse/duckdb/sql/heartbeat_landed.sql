-- Whether a heartbeat of a stream has landed. $1: stream, $2: record.
SELECT COUNT(*) FROM heartbeats WHERE stream = $1 AND record_id = $2;
