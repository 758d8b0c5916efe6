-- Every attempt that counts, and every answer of each; behind counted.sql. Attempts are numbered from 1 on. A row without
-- a question is an attempt, any other an answer of the attempt with the same number: what is said of an attempt once is
-- not repeated with each of its answers.
, placed AS (
    SELECT student_key, attempt_id, attempt_no, score, total_ms, ROW_NUMBER() OVER (ORDER BY attempt_id) AS place
    FROM chosen
)
SELECT place, student_key, attempt_no, score, total_ms, CAST(NULL AS TIMESTAMP) AS accepted_at,
       CAST(NULL AS BIGINT) AS question_id, CAST(NULL AS BIGINT) AS choice_id
FROM placed
UNION ALL
SELECT placed.place, NULL, NULL, NULL, marked.elapsed_ms, marked.accepted_at, marked.question_id, marked.choice_id
FROM placed
JOIN marked ON marked.attempt_id = placed.attempt_id;
