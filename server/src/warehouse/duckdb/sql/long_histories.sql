-- The shards with so many rows in the load history. $1: how many.
SELECT stream, shard FROM load_history GROUP BY stream, shard HAVING COUNT(*) >= $1;
