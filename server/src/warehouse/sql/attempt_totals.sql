-- Students counted, their middle score in questions and their middle time, over first attempts. $1: assignment.
-- {keys}: the choices that are keys now, comma-separated.
SELECT COUNT(*) AS students,
       CAST(MEDIAN(correct) AS DOUBLE PRECISION) AS median_score,
       CAST(MEDIAN(total_ms) AS BIGINT) AS typical_ms
FROM (
    SELECT student_key,
           SUM(CASE WHEN choice_id IN ({keys}) THEN 1 ELSE 0 END) AS correct,
           SUM(elapsed_ms) AS total_ms
    FROM (
        SELECT student_key, choice_id, elapsed_ms, attempt_no,
               MIN(attempt_no) OVER (PARTITION BY student_key) AS first_attempt
        FROM answers
        WHERE assignment_id = $1
    ) AS numbered
    WHERE attempt_no = first_attempt
    GROUP BY student_key
) AS totals;
