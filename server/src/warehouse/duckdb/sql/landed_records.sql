-- The answers of one assignment that have landed, from a running number on. $1: assignment, $2: number.
SELECT record_id FROM answers WHERE assignment_id = $1 AND accepted_seq >= $2 AND producer IS NULL;
