-- One student's answers in one assignment. $1: assignment, $2: pseudonym.
SELECT attempt_no, accepted_at, question_id, choice_id, elapsed_ms
FROM answers
WHERE assignment_id = $1 AND student_key = $2 AND producer IS NULL
ORDER BY attempt_no, attempt_id;
