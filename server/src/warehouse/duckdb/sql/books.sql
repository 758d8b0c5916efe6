-- For each assignment, how many answers there are, and sums that tell whether they are the same as elsewhere.
SELECT assignment_id, COUNT(*), CAST(SUM(accepted_seq) AS BIGINT), CAST(SUM(COALESCE(choice_id, 0)) AS BIGINT),
       CAST(SUM(elapsed_ms) AS BIGINT)
FROM answers
WHERE producer IS NULL
GROUP BY assignment_id;
