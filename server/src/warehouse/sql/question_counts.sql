-- Over first attempts, two kinds of rows. $1: assignment.
-- Per question and choice (of_choice = 1): how many students gave it; a choice that is NULL counts the omissions.
-- Per question (of_choice = 0): how many students there are, and their middle time in milliseconds.
SELECT question_id,
       choice_id,
       CASE WHEN GROUPING(choice_id) = 0 THEN 1 ELSE 0 END AS of_choice,
       COUNT(*) AS answers,
       CAST(MEDIAN(elapsed_ms) AS BIGINT) AS median_ms
FROM (
    SELECT question_id, choice_id, elapsed_ms, attempt_no,
           MIN(attempt_no) OVER (PARTITION BY student_key) AS first_attempt
    FROM answers
    WHERE assignment_id = $1
) AS numbered
WHERE attempt_no = first_attempt
GROUP BY GROUPING SETS ((question_id, choice_id), (question_id));
