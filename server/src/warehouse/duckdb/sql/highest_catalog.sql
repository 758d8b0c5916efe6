-- The highest numbers in the catalog that the server itself put, by kind. A number beyond 2^53 is nobody's own.
SELECT kind, MAX(CASE WHEN id < 9007199254740992 THEN id END),
       COALESCE(MAX(CASE WHEN accepted_seq < 9007199254740992 THEN accepted_seq END), 0)
FROM quiz_catalog
WHERE producer IS NULL
GROUP BY kind;
