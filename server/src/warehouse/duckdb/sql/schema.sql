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
    elapsed_ms    BIGINT       NOT NULL,
    producer      VARCHAR(36)             -- who put it: a key's id; NULL: the server itself
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
    closed_at    TIMESTAMP,                -- of an assignment, UTC; NULL: open
    is_void      BOOLEAN,                  -- of a question: ruled to count for nothing
    producer     VARCHAR(36)               -- who put it: a key's id; NULL: the server itself
);

-- The last heartbeat of each stream: a record of nobody, which travels the whole way when no one is answering.
CREATE TABLE IF NOT EXISTS heartbeats (
    stream       VARCHAR(64)   NOT NULL,
    record_id    VARCHAR(36)   NOT NULL,
    accepted_at  TIMESTAMP     NOT NULL    -- UTC
);

CREATE TABLE IF NOT EXISTS load_history (
    stream       VARCHAR(64)   NOT NULL,
    shard        VARCHAR(256)  NOT NULL,  -- of a stream elsewhere with that stream's name before it
    start_offset BIGINT        NOT NULL,  -- first record of the batch
    end_offset   BIGINT        NOT NULL,  -- one past the last
    records      BIGINT        NOT NULL,
    object_bytes BIGINT        NOT NULL,  -- compressed
    -- Of heartbeats alone it is the same one for all of a shard, and there is one row. folded/...: a row for many old loads,
    -- with sums in records (heartbeats left out), object_bytes and copy_ms, and without a manifest.
    object       VARCHAR(1024) NOT NULL,
    manifest     VARCHAR(1024) NOT NULL,
    copy_ms      DOUBLE PRECISION NOT NULL,
    loaded_at    TIMESTAMP     NOT NULL,
    checkpoint   VARCHAR(256)             -- what the source calls the last record; NULL: it goes by offsets alone
);

-- The version of all of this; one row.
CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL
);
