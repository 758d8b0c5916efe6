-- Which of an assignment's rows count, before whatever is asked of them. $1: assignment, $2: instant; only what was
-- accepted until then counts. {keys}: the choices that are keys now, of questions that are not void, comma-separated.
-- {each} and {place}: of all attempts with the same {each}, the one with the lowest {place} counts. A place is a text that
-- ends with the attempt's id, so that no two attempts share one.
--
-- A record counts once, because the view `answers` shows it once. Attempts and students of another producer bear its name
-- here, and never mix with the server's own. The parameters are of their
-- columns' types: DuckDB plans a statement anew each time that one is not, which takes as long as the question itself.
-- Which attempts count is not asked by a window: for a class, one takes DuckDB a third of the whole question's time. Nor by
-- comparing a student's attempts with each other: of one with 20,000 attempts, that takes more memory than there is.
WITH once AS (
    SELECT CASE WHEN producer IS NULL THEN student_key ELSE producer || '/' || student_key END AS student_key,
           CASE WHEN producer IS NULL THEN attempt_id ELSE producer || '/' || attempt_id END AS attempt_id,
           attempt_no, accepted_seq, accepted_at, question_id, choice_id, elapsed_ms
    FROM answers
    WHERE assignment_id = $1 AND accepted_at <= $2
),
marked AS (
    SELECT student_key, attempt_id, attempt_no, accepted_at, question_id, choice_id, elapsed_ms,
           CASE WHEN choice_id IN ({keys}) THEN 1 ELSE 0 END AS mark
    FROM once
),
attempts AS (
    SELECT MIN(student_key) AS student_key, attempt_id, MIN(attempt_no) AS attempt_no, CAST(SUM(mark) AS BIGINT) AS score,
           CAST(SUM(elapsed_ms) AS BIGINT) AS total_ms
    FROM marked
    GROUP BY attempt_id
),
chosen AS (
    SELECT student_key, attempt_id, attempt_no, score, total_ms
    FROM attempts
    WHERE {place} IN (SELECT MIN({place}) FROM attempts GROUP BY {each})
)
