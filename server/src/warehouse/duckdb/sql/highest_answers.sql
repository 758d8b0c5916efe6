-- The highest numbers in the answers that the server itself put. A number beyond 2^53 is nobody's own.
SELECT MAX(CASE WHEN accepted_seq < 9007199254740992 THEN accepted_seq END),
       MAX(CASE WHEN assignment_id < 9007199254740992 THEN assignment_id END),
       MAX(CASE WHEN class_id < 9007199254740992 THEN class_id END),
       MAX(CASE WHEN quiz_id < 9007199254740992 THEN quiz_id END),
       MAX(CASE WHEN question_id < 9007199254740992 THEN question_id END),
       MAX(CASE WHEN choice_id < 9007199254740992 THEN choice_id END)
FROM quiz_answers
WHERE producer IS NULL;
