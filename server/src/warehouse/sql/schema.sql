-- The warehouse, in SQL that DuckDB and Redshift both take. Redshift enforces no key, so none is declared here:
-- a stand-in that enforces one would hide records that came twice.

CREATE TABLE IF NOT EXISTS quiz_answers (
    record_id     VARCHAR(36)  NOT NULL,  -- stable: derived from attempt and question
    accepted_seq  BIGINT       NOT NULL,  -- the transactional store's running number
    accepted_at   TIMESTAMP    NOT NULL,  -- UTC
    assignment_id BIGINT       NOT NULL,  -- 0: a heartbeat, of no assignment
    class_id      BIGINT       NOT NULL,
    quiz_id       BIGINT       NOT NULL,
    attempt_id    VARCHAR(36)  NOT NULL,
    attempt_no    INTEGER      NOT NULL,  -- 1 for the student's first attempt
    student_key   VARCHAR(36)  NOT NULL,  -- pseudonym; names stay in the transactional store
    question_id   BIGINT       NOT NULL,
    choice_id     BIGINT,                 -- NULL: omitted
    elapsed_ms    BIGINT       NOT NULL
);

-- The versioned dimensions: a row each time that one was made or changed, so that the warehouse explains itself.
CREATE TABLE IF NOT EXISTS quiz_catalog (
    record_id    VARCHAR(36)    NOT NULL,
    accepted_seq BIGINT         NOT NULL,  -- of two versions, the higher one is newer
    accepted_at  TIMESTAMP      NOT NULL,  -- UTC
    kind         VARCHAR(16)    NOT NULL,  -- quiz, question, choice, class, assignment; heartbeat is none of them
    id           BIGINT         NOT NULL,
    quiz_id      BIGINT,                   -- of a question or an assignment
    question_id  BIGINT,                   -- of a choice
    class_id     BIGINT,                   -- of an assignment
    number       INTEGER,                  -- place of a question in its quiz, of a choice in its question
    label        VARCHAR(65535),           -- title of a quiz, text of a question or choice, name of a class
    is_key       BOOLEAN,                  -- of a choice
    opened_at    TIMESTAMP,                -- of an assignment, UTC
    closed_at    TIMESTAMP                 -- of an assignment, UTC; NULL: open
);

CREATE TABLE IF NOT EXISTS load_history (
    stream       VARCHAR(64)   NOT NULL,
    shard        VARCHAR(256)  NOT NULL,  -- of a stream elsewhere with that stream's name before it
    start_offset BIGINT        NOT NULL,  -- first record of the batch
    end_offset   BIGINT        NOT NULL,  -- one past the last
    records      BIGINT        NOT NULL,
    object_bytes BIGINT        NOT NULL,  -- compressed
    object       VARCHAR(1024) NOT NULL,
    manifest     VARCHAR(1024) NOT NULL,
    copy_ms      DOUBLE PRECISION NOT NULL,
    loaded_at    TIMESTAMP     NOT NULL,
    checkpoint   VARCHAR(256)             -- what the source calls the last record; NULL: it goes by offsets alone
);

-- Every record once, whatever was repeated on the wire. The assignment leads the partition, so that a filter on it
-- reaches the table before the window does.
CREATE OR REPLACE VIEW answers AS
SELECT record_id, accepted_seq, accepted_at, assignment_id, class_id, quiz_id, attempt_id, attempt_no, student_key,
       question_id, choice_id, elapsed_ms
FROM (
    SELECT record_id, accepted_seq, accepted_at, assignment_id, class_id, quiz_id, attempt_id, attempt_no, student_key,
           question_id, choice_id, elapsed_ms,
           ROW_NUMBER() OVER (PARTITION BY assignment_id, record_id ORDER BY accepted_seq) AS occurrence
    FROM quiz_answers
) AS numbered
WHERE occurrence = 1 AND assignment_id <> 0;

-- The newest version of each dimension row.
CREATE OR REPLACE VIEW newest_catalog AS
SELECT kind, id, quiz_id, question_id, class_id, number, label, is_key, opened_at, closed_at
FROM (
    SELECT kind, id, quiz_id, question_id, class_id, number, label, is_key, opened_at, closed_at,
           ROW_NUMBER() OVER (PARTITION BY kind, id ORDER BY accepted_seq DESC) AS age
    FROM quiz_catalog
) AS numbered
WHERE age = 1;

CREATE OR REPLACE VIEW quizzes AS
SELECT id AS quiz_id, label AS title FROM newest_catalog WHERE kind = 'quiz';

CREATE OR REPLACE VIEW questions AS
SELECT id AS question_id, quiz_id, number, label AS question FROM newest_catalog WHERE kind = 'question';

CREATE OR REPLACE VIEW choices AS
SELECT id AS choice_id, question_id, number, label AS choice, is_key FROM newest_catalog WHERE kind = 'choice';

CREATE OR REPLACE VIEW classes AS
SELECT id AS class_id, label AS class_name FROM newest_catalog WHERE kind = 'class';

CREATE OR REPLACE VIEW assignments AS
SELECT id AS assignment_id, quiz_id, class_id, opened_at, closed_at FROM newest_catalog WHERE kind = 'assignment';

-- Every answer with its verdict against the question's current key; an omitted answer counts as wrong.
CREATE OR REPLACE VIEW graded_answers AS
SELECT a.record_id, a.accepted_at, a.assignment_id, a.class_id, a.quiz_id, a.attempt_id, a.attempt_no, a.student_key,
       a.question_id, a.choice_id, a.elapsed_ms, COALESCE(c.is_key, FALSE) AS is_correct
FROM answers AS a
LEFT JOIN choices AS c ON c.choice_id = a.choice_id;
