-- The assignments with answers that the server itself put.
SELECT DISTINCT assignment_id FROM quiz_answers WHERE producer IS NULL AND assignment_id <> 0;
