-- Everything that is counted of one assignment; behind counted.sql. $3: number.
-- Each MEDIAN has a SELECT of its own, because Redshift sorts a SELECT's rows for one of them only.
, given AS (
    SELECT marked.question_id, marked.choice_id, marked.elapsed_ms, chosen.score
    FROM marked
    JOIN chosen ON chosen.attempt_id = marked.attempt_id
)
-- Per question, choice (NULL: omitted) and score of the attempt, how many gave it. Every figure of item analysis comes
-- from these counts: marks and scores are whole numbers, and so are the sums of their products.
SELECT 'choice' AS what, question_id, choice_id, score, COUNT(*) AS how_many, CAST(NULL AS DOUBLE PRECISION) AS middle,
       CAST(NULL AS VARCHAR(36)) AS attempt_id, CAST(NULL AS BIGINT) AS numbers
FROM given
GROUP BY question_id, choice_id, score
UNION ALL
-- Per question, the middle time in milliseconds.
SELECT 'question', question_id, NULL, NULL, COUNT(*), CAST(MEDIAN(elapsed_ms) AS DOUBLE PRECISION), NULL, NULL
FROM given
GROUP BY question_id
UNION ALL
-- Per score, how many attempts reached it.
SELECT 'score', NULL, NULL, score, COUNT(*), NULL, NULL, NULL
FROM chosen
GROUP BY score
UNION ALL
-- The middle time of an attempt, in milliseconds.
SELECT 'time', NULL, NULL, NULL, COUNT(*), CAST(MEDIAN(total_ms) AS DOUBLE PRECISION), NULL, NULL
FROM chosen
UNION ALL
-- What has landed by attempt, whether it counts or not, among what was accepted up to a number: how many answers, and the
-- sum of their running numbers.
SELECT 'landed', NULL, NULL, NULL, COUNT(*), NULL, attempt_id, CAST(SUM(accepted_seq) AS BIGINT)
FROM once
WHERE accepted_seq BETWEEN 0 AND $3
GROUP BY attempt_id;
