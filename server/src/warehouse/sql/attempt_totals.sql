-- Students counted, their middle score in questions and their middle time, over first attempts. $1: assignment.
-- {keys}: the choices that are keys now, comma-separated.
SELECT COUNT(*) AS students,
       CAST(MEDIAN(correct) AS DOUBLE PRECISION) AS median_score,
       CAST(MEDIAN(total_ms) AS BIGINT) AS typical_ms
FROM (
    SELECT a.student_key,
           SUM(CASE WHEN a.choice_id IN ({keys}) THEN 1 ELSE 0 END) AS correct,
           SUM(a.elapsed_ms) AS total_ms
    FROM answers AS a
    JOIN (
        SELECT student_key, MIN(attempt_no) AS attempt_no
        FROM answers
        WHERE assignment_id = $1
        GROUP BY student_key
    ) AS f ON f.student_key = a.student_key AND f.attempt_no = a.attempt_no
    WHERE a.assignment_id = $1
    GROUP BY a.student_key
) AS totals;
