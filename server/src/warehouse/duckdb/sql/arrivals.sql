-- The minutes in which an assignment's answers were accepted, and how many in each. $1: assignment.
SELECT DATE_TRUNC('minute', accepted_at) AS minute, COUNT(*)
FROM answers
WHERE assignment_id = $1
GROUP BY DATE_TRUNC('minute', accepted_at)
ORDER BY minute;
