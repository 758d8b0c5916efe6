-- The longest run of loads without a gap among a shard's rows, its newest ones left out, as one row. A load alone is no run. Of
-- heartbeats, which leave one object for all, no record is counted. $1: stream, $2: shard, $3: how many are the newest.
WITH aged AS (
    SELECT start_offset, end_offset, CASE WHEN object LIKE 'heartbeats/%' THEN 0 ELSE records END AS records, object_bytes,
           copy_ms, loaded_at, checkpoint, ROW_NUMBER() OVER (ORDER BY end_offset DESC) AS age,
           LAG(end_offset) OVER (ORDER BY start_offset) AS end_before
    FROM load_history
    WHERE stream = $1 AND shard = $2
),
marked AS (
    SELECT start_offset, end_offset, records, object_bytes, copy_ms, loaded_at,
           SUM(CASE WHEN start_offset = end_before THEN 0 ELSE 1 END)
               OVER (ORDER BY start_offset ROWS UNBOUNDED PRECEDING) AS run
    FROM aged
    WHERE age > $3
),
longest AS (
    SELECT MIN(start_offset) AS first_offset, MAX(end_offset) AS last_offset, CAST(SUM(records) AS BIGINT) AS records,
           CAST(SUM(object_bytes) AS BIGINT) AS object_bytes, SUM(copy_ms) AS copy_ms, MAX(loaded_at) AS loaded_at
    FROM marked
    GROUP BY run
    HAVING COUNT(*) > 1
    ORDER BY COUNT(*) DESC, MIN(start_offset)
    LIMIT 1
)
SELECT first_offset, last_offset, longest.records, longest.object_bytes, longest.copy_ms, longest.loaded_at, checkpoint
FROM longest
JOIN aged ON aged.end_offset = last_offset;
