-- The answers that count, attempt by attempt; behind counted.sql. $3: at most so many.
SELECT chosen.student_key, chosen.attempt_id, chosen.attempt_no, chosen.score, chosen.total_ms, marked.question_id,
       marked.choice_id
FROM chosen
JOIN marked ON marked.attempt_id = chosen.attempt_id
ORDER BY chosen.student_key, chosen.attempt_no, chosen.attempt_id
LIMIT $3;
