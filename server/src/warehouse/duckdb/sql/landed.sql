-- What has landed of one assignment, by attempt, among what was accepted up to a number: how many distinct answers, and
-- the sum of their running numbers. $1: assignment, $2: number.
SELECT attempt_id, COUNT(*), CAST(SUM(accepted_seq) AS BIGINT)
FROM answers
WHERE assignment_id = $1 AND accepted_seq BETWEEN 0 AND $2 AND producer IS NULL
GROUP BY attempt_id;
