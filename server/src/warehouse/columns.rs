//! The destination tables as the gateway and COPY see them: which columns, which types.
//!
//! The tables themselves are made by `sql/schema.sql`; a test holds the two together.

/// What a column holds, in the types that DuckDB and Redshift share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64-bit integer.
    BigInt,
    /// 32-bit integer.
    Integer,
    /// Text of at most so many bytes, as Redshift counts them.
    Varchar(usize),
    /// Date and time in UTC: `2026-01-31 10:41:07.123`.
    Timestamp,
}

impl Kind {
    /// The type's name in SQL.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::BigInt => "BIGINT",
            Self::Integer => "INTEGER",
            Self::Varchar(_) => "VARCHAR",
            Self::Timestamp => "TIMESTAMP",
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in the record and in the table.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record may leave it out or say `null`.
    pub nullable: bool,
}

/// A destination table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// In the table's order.
    pub columns: &'static [Column],
    /// The column whose value is the partition key: records that share it stay in order.
    pub partition_by: &'static str,
}

const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false }
}

/// The fact table. One row a record on the wire; `record_id` is not unique here, only in the view `answers`.
pub const QUIZ_ANSWERS: Table = Table {
    name: "quiz_answers",
    partition_by: "assignment_id",
    columns: &[
        required("record_id", Kind::Varchar(36)),
        required("accepted_seq", Kind::BigInt),
        required("accepted_at", Kind::Timestamp),
        required("assignment_id", Kind::BigInt),
        required("class_id", Kind::BigInt),
        required("quiz_id", Kind::BigInt),
        required("attempt_id", Kind::Varchar(36)),
        required("attempt_no", Kind::Integer),
        required("student_key", Kind::Varchar(36)),
        required("question_id", Kind::BigInt),
        Column { name: "choice_id", kind: Kind::BigInt, nullable: true },
        required("elapsed_ms", Kind::BigInt),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_table_in_the_schema() {
        let db = duckdb::Connection::open_in_memory().expect("duckdb");
        db.execute_batch(super::super::SCHEMA).expect("schema");
        let mut columns = db
            .prepare("SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position")
            .expect("query");
        let found: Vec<(String, String, bool)> = columns
            .query_map([QUIZ_ANSWERS.name], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)? == "YES")))
            .expect("rows")
            .collect::<Result<_, _>>()
            .expect("row");
        let expected: Vec<(String, String, bool)> =
            QUIZ_ANSWERS.columns.iter().map(|c| (c.name.to_owned(), c.kind.sql().to_owned(), c.nullable)).collect();
        assert_eq!(found, expected);
    }
}
