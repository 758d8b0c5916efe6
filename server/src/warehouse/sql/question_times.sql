-- Middle time on each question in milliseconds, over first attempts. $1: assignment.
SELECT a.question_id, CAST(MEDIAN(a.elapsed_ms) AS BIGINT) AS median_ms
FROM answers AS a
JOIN (
    SELECT student_key, MIN(attempt_no) AS attempt_no
    FROM answers
    WHERE assignment_id = $1
    GROUP BY student_key
) AS f ON f.student_key = a.student_key AND f.attempt_no = a.attempt_no
WHERE a.assignment_id = $1
GROUP BY a.question_id;
