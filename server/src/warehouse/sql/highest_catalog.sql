-- The highest numbers in the catalog that the server itself put, by kind.
SELECT kind, MAX(id), MAX(accepted_seq) FROM quiz_catalog WHERE producer IS NULL GROUP BY kind;
