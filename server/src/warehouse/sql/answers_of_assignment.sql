-- Every answer that counts, with all that is known of it; behind counted.sql.
SELECT chosen.student_key, chosen.attempt_id, chosen.attempt_no, marked.accepted_at, marked.question_id, marked.choice_id,
       marked.elapsed_ms, marked.mark
FROM chosen
JOIN marked ON marked.attempt_id = chosen.attempt_id
ORDER BY chosen.student_key, chosen.attempt_no, chosen.attempt_id, marked.question_id;
