-- The assignments with answers that the server itself put, each with how many attempts.
SELECT assignment_id, COUNT(DISTINCT attempt_id)
FROM quiz_answers
WHERE producer IS NULL AND assignment_id <> 0
GROUP BY assignment_id;
