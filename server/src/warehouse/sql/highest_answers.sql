-- The highest numbers in the answers that the server itself put.
SELECT MAX(accepted_seq), MAX(assignment_id), MAX(class_id), MAX(quiz_id), MAX(question_id), MAX(choice_id)
FROM quiz_answers
WHERE producer IS NULL;
