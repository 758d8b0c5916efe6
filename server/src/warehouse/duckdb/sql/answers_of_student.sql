-- One student's answers in one assignment. $1: assignment, $2: pseudonym, with its producer's name before it if that is not
-- the server.
SELECT attempt_no, accepted_at, question_id, choice_id, elapsed_ms
FROM answers
WHERE assignment_id = $1 AND CASE WHEN producer IS NULL THEN student_key ELSE producer || '/' || student_key END = $2
ORDER BY attempt_no, attempt_id;
