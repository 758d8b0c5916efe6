-- A batch has landed. One parameter a column, in this order.
INSERT INTO load_history (stream, shard, start_offset, end_offset, records, object_bytes, object, manifest, copy_ms,
                          loaded_at, checkpoint)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TIMESTAMP), ?);
