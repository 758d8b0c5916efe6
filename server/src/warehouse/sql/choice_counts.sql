-- How many students gave each choice, over first attempts. $1: assignment.
-- A row whose choice_id is NULL counts the omissions.
SELECT a.question_id, a.choice_id, COUNT(*) AS answers
FROM answers AS a
JOIN (
    SELECT student_key, MIN(attempt_no) AS attempt_no
    FROM answers
    WHERE assignment_id = $1
    GROUP BY student_key
) AS f ON f.student_key = a.student_key AND f.attempt_no = a.attempt_no
WHERE a.assignment_id = $1
GROUP BY a.question_id, a.choice_id;
