-- Everything that is counted of one assignment, over each student's first attempt. $1: assignment, $2: number.
-- {keys}: the choices that are keys now, comma-separated.
--
-- One window does what the view `answers` and a search for the first attempt would do with two: an attempt answers a
-- question once, so the first row of a student and question is that record, once, of the first attempt.
-- Each MEDIAN has a SELECT of its own, because Redshift sorts a SELECT's rows for one of them only.
WITH counted AS (
    SELECT student_key, question_id, choice_id, elapsed_ms
    FROM (
        SELECT student_key, question_id, choice_id, elapsed_ms,
               ROW_NUMBER() OVER (PARTITION BY student_key, question_id ORDER BY attempt_no, accepted_seq) AS occurrence
        FROM quiz_answers
        WHERE assignment_id = $1
    ) AS numbered
    WHERE occurrence = 1
),
attempts AS (
    SELECT SUM(CASE WHEN choice_id IN ({keys}) THEN 1 ELSE 0 END) AS correct, SUM(elapsed_ms) AS total_ms
    FROM counted
    GROUP BY student_key
)
-- Per question and choice (NULL: omitted), how many students gave it.
SELECT 'choice' AS what, question_id, choice_id, COUNT(*) AS how_many, CAST(NULL AS DOUBLE PRECISION) AS middle,
       CAST(NULL AS VARCHAR(36)) AS attempt_id, CAST(NULL AS BIGINT) AS numbers
FROM counted
GROUP BY question_id, choice_id
UNION ALL
-- Per question, the middle time in milliseconds.
SELECT 'question', question_id, NULL, COUNT(*), CAST(MEDIAN(elapsed_ms) AS DOUBLE PRECISION), NULL, NULL
FROM counted
GROUP BY question_id
UNION ALL
-- The middle score, in questions.
SELECT 'score', NULL, NULL, COUNT(*), CAST(MEDIAN(correct) AS DOUBLE PRECISION), NULL, NULL
FROM attempts
UNION ALL
-- The middle time of an attempt, in milliseconds.
SELECT 'time', NULL, NULL, COUNT(*), CAST(MEDIAN(total_ms) AS DOUBLE PRECISION), NULL, NULL
FROM attempts
UNION ALL
-- What has landed by attempt, whichever it is of its student, among what was accepted up to a number: distinct answers,
-- and the sum of their running numbers.
SELECT 'landed', NULL, NULL, COUNT(DISTINCT accepted_seq), NULL, attempt_id, CAST(SUM(DISTINCT accepted_seq) AS BIGINT)
FROM quiz_answers
WHERE assignment_id = $1 AND accepted_seq BETWEEN 0 AND $2
GROUP BY attempt_id;
