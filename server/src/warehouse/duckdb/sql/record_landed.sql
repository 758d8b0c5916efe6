-- Whether one record has landed, heartbeats too. $1: assignment, $2: record.
SELECT COUNT(*) FROM quiz_answers WHERE assignment_id = $1 AND record_id = $2;
