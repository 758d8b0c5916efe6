-- Whether one record of the catalog has landed, heartbeats too. $1: record.
SELECT COUNT(*) FROM quiz_catalog WHERE record_id = $1;
