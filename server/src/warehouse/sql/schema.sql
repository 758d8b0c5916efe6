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

CREATE TABLE IF NOT EXISTS load_history (
    stream       VARCHAR(64)   NOT NULL,
    shard        VARCHAR(64)   NOT NULL,
    start_offset BIGINT        NOT NULL,  -- first record of the batch
    end_offset   BIGINT        NOT NULL,  -- one past the last
    records      BIGINT        NOT NULL,
    object_bytes BIGINT        NOT NULL,  -- compressed
    object       VARCHAR(1024) NOT NULL,
    manifest     VARCHAR(1024) NOT NULL,
    copy_ms      DOUBLE PRECISION NOT NULL,
    loaded_at    TIMESTAMP     NOT NULL
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
