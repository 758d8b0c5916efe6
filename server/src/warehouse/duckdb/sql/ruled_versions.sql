-- How each question (void) and each choice (right) is graded by the newest version that the server itself put.
SELECT kind, id, accepted_seq, accepted_at, label, holds
FROM (
    SELECT kind, id, accepted_seq, accepted_at, COALESCE(label, '') AS label,
           CASE kind WHEN 'question' THEN is_void ELSE is_key END AS holds,
           ROW_NUMBER() OVER (PARTITION BY kind, id ORDER BY accepted_seq DESC) AS place
    FROM quiz_catalog
    WHERE producer IS NULL AND kind IN ('question', 'choice') AND accepted_seq < 9007199254740992
) AS versions
WHERE place = 1 AND holds IS NOT NULL;
