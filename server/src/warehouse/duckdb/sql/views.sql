-- The warehouse as it is read, in SQL that DuckDB and Redshift both take.
--
-- Each is made anew when the version of the schema rises, because Redshift replaces a view only by one with the same columns.
-- Rights that were given to a view have to be given again after such an upgrade.
DROP VIEW IF EXISTS graded_answers;
DROP VIEW IF EXISTS assignments;
DROP VIEW IF EXISTS classes;
DROP VIEW IF EXISTS choices;
DROP VIEW IF EXISTS questions;
DROP VIEW IF EXISTS quizzes;
DROP VIEW IF EXISTS newest_catalog;
DROP VIEW IF EXISTS answers;

-- Every record once, whatever was repeated on the wire. Who put a record is part of its identity: nobody's record takes
-- the place of another producer's. The assignment leads the partition, so that a filter on it reaches the table before the
-- window does.
CREATE VIEW answers AS
SELECT record_id, accepted_seq, accepted_at, assignment_id, class_id, quiz_id, attempt_id, attempt_no, student_key,
       question_id, choice_id, elapsed_ms, producer
FROM (
    SELECT record_id, accepted_seq, accepted_at, assignment_id, class_id, quiz_id, attempt_id, attempt_no, student_key,
           question_id, choice_id, elapsed_ms, producer,
           ROW_NUMBER() OVER (PARTITION BY assignment_id, producer, record_id ORDER BY accepted_seq) AS occurrence
    FROM quiz_answers
) AS numbered
WHERE occurrence = 1 AND assignment_id <> 0;

-- The newest version of each dimension row. What the server itself says of a row counts before what anybody else does.
CREATE VIEW newest_catalog AS
SELECT kind, id, quiz_id, question_id, class_id, number, label, is_key, opened_at, closed_at, is_void
FROM (
    SELECT kind, id, quiz_id, question_id, class_id, number, label, is_key, opened_at, closed_at, is_void,
           ROW_NUMBER() OVER (
               PARTITION BY kind, id
               ORDER BY CASE WHEN producer IS NULL THEN 0 ELSE 1 END, accepted_seq DESC
           ) AS age
    FROM quiz_catalog
) AS numbered
WHERE age = 1;

CREATE VIEW quizzes AS
SELECT id AS quiz_id, label AS title FROM newest_catalog WHERE kind = 'quiz';

CREATE VIEW questions AS
SELECT id AS question_id, quiz_id, number, label AS question, COALESCE(is_void, FALSE) AS is_void
FROM newest_catalog
WHERE kind = 'question';

CREATE VIEW choices AS
SELECT id AS choice_id, question_id, number, label AS choice, is_key FROM newest_catalog WHERE kind = 'choice';

CREATE VIEW classes AS
SELECT id AS class_id, label AS class_name FROM newest_catalog WHERE kind = 'class';

CREATE VIEW assignments AS
SELECT id AS assignment_id, quiz_id, class_id, opened_at, closed_at FROM newest_catalog WHERE kind = 'assignment';

-- Every answer with its verdict against the question's current key; an omitted answer counts as wrong, and one to a void
-- question for nothing.
CREATE VIEW graded_answers AS
SELECT a.record_id, a.accepted_at, a.assignment_id, a.class_id, a.quiz_id, a.attempt_id, a.attempt_no, a.student_key,
       a.question_id, a.choice_id, a.elapsed_ms, a.producer, COALESCE(c.is_key, FALSE) AND NOT COALESCE(q.is_void, FALSE) AS is_correct,
       COALESCE(q.is_void, FALSE) AS is_void
FROM answers AS a
LEFT JOIN choices AS c ON c.choice_id = a.choice_id
LEFT JOIN questions AS q ON q.question_id = a.question_id;
