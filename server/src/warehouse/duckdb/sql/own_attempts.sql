-- The answers of one assignment's attempts that the server itself put, attempt by attempt. $1: assignment. {attempts}: the
-- attempts, comma-separated.
SELECT attempt_id, attempt_no, student_key, class_id, quiz_id, accepted_seq, accepted_at, question_id, choice_id,
       elapsed_ms
FROM answers
WHERE assignment_id = $1 AND producer IS NULL AND attempt_id IN ({attempts})
ORDER BY attempt_id, accepted_seq;
