//! The destination tables as the doors and COPY see them.
//!
//! Owns which columns a table has, and their types. The tables of the two streams that Freshmark brings are made by
//! `warehouse/duckdb/sql/schema.sql`; a test holds the two together. Tables of other streams come from the configuration.

use std::fmt::Write;

use serde::Deserialize;

/// What a column holds, in the types that DuckDB and Redshift share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64-bit integer.
    BigInt,
    /// 64-bit integer that is not negative.
    Count,
    /// 32-bit integer.
    Integer,
    /// 64-bit floating point number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// Text of at most so many bytes, as Redshift counts them.
    Varchar(usize),
    /// Date and time in UTC: `2026-01-31 10:41:07.123`.
    Timestamp,
}

/// Redshift's longest text.
const LONGEST_VARCHAR: usize = 65_535;

impl Kind {
    /// The type's name in SQL, without its length.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::BigInt | Self::Count => "BIGINT",
            Self::Integer => "INTEGER",
            Self::Double => "DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::Varchar(_) => "VARCHAR",
            Self::Timestamp => "TIMESTAMP",
        }
    }

    /// Reads a type as the configuration writes it: `bigint`, `varchar(64)`.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let length = || text.strip_prefix("varchar(")?.strip_suffix(')')?.trim().parse().ok();
        match text.as_str() {
            "bigint" => Some(Self::BigInt),
            "integer" => Some(Self::Integer),
            "double precision" => Some(Self::Double),
            "boolean" => Some(Self::Boolean),
            "timestamp" => Some(Self::Timestamp),
            _ => length().filter(|n| (1..=LONGEST_VARCHAR).contains(n)).map(Self::Varchar),
        }
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenColumn")]
pub struct Column {
    /// Its name, in the record and in the table.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record may leave it out or say `null`.
    pub nullable: bool,
}

/// A column as the configuration has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColumn {
    name: String,
    r#type: String,
    #[serde(default)]
    nullable: bool,
}

impl TryFrom<WrittenColumn> for Column {
    type Error = String;

    fn try_from(written: WrittenColumn) -> Result<Self, String> {
        let WrittenColumn { name, r#type, nullable } = written;
        if !is_identifier(&name) {
            return Err(format!("{name:?} is no column name: small letters, digits and _, at most 63, no digit first"));
        }
        let kind = Kind::of(&r#type).ok_or_else(|| {
            format!(
                "{name}: {type:?} is no type; there are bigint, integer, double precision, boolean, timestamp and \
                 varchar(1 to {LONGEST_VARCHAR})"
            )
        })?;
        Ok(Self { name, kind, nullable })
    }
}

/// Whether a name may stand in SQL without being quoted, in both warehouses.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=63).contains(&name.len()) && name.bytes().all(word) && !name.as_bytes()[0].is_ascii_digit()
}

/// A destination table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// In the table's order.
    pub columns: Vec<Column>,
    /// The column whose value is the partition key where the sender names none: records that share it stay in order.
    pub partition_by: String,
    /// Whether the last column is [`PRODUCER`].
    pub names_producer: bool,
    /// What a heartbeat's line has in it, and no other record's of this server; absent if the table has no heartbeats.
    pub heartbeat: Option<&'static str>,
}

/// The column that says who put a record: the id of the key, or `NULL` for this server itself. The door fills it, and no
/// sender can: what somebody else puts never stands for what this server has put.
pub const PRODUCER: &str = "producer";

fn producer() -> Column {
    column(PRODUCER, Kind::Varchar(36), true)
}

impl Table {
    /// Whether the table has a column of that name.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|c| c.name == column)
    }

    /// The statement that makes the table if it is not there.
    pub(crate) fn create_statement(&self) -> String {
        let mut sql = format!("CREATE TABLE IF NOT EXISTS {} (", self.name);
        for (place, column) in self.columns.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let length = if let Kind::Varchar(most) = column.kind { format!("({most})") } else { String::new() };
            let null = if column.nullable { "" } else { " NOT NULL" };
            let written = write!(sql, "{comma}\"{}\" {}{length}{null}", column.name, column.kind.sql());
            debug_assert!(written.is_ok(), "a string takes all text");
        }
        sql + ")"
    }
}

fn column(name: &str, kind: Kind, nullable: bool) -> Column {
    Column { name: name.to_owned(), kind, nullable }
}

fn required(name: &str, kind: Kind) -> Column {
    column(name, kind, false)
}

/// The fact table. One row a record on the wire; `record_id` is not unique here, only in the view `answers`.
#[must_use]
pub fn quiz_answers() -> Table {
    Table {
        name: "quiz_answers".to_owned(),
        partition_by: "assignment_id".to_owned(),
        columns: vec![
            required("record_id", Kind::Varchar(36)),
            required("accepted_seq", Kind::Count),
            required("accepted_at", Kind::Timestamp),
            required("assignment_id", Kind::BigInt),
            required("class_id", Kind::BigInt),
            required("quiz_id", Kind::BigInt),
            required("attempt_id", Kind::Varchar(36)),
            required("attempt_no", Kind::Integer),
            required("student_key", Kind::Varchar(36)),
            required("question_id", Kind::BigInt),
            column("choice_id", Kind::BigInt, true),
            required("elapsed_ms", Kind::BigInt),
            producer(),
        ],
        names_producer: true,
        heartbeat: Some("\"assignment_id\":0,"),
    }
}

/// The versioned dimensions: a row each time that a quiz, question, choice, class or assignment was made or changed.
/// The views `quizzes`, `questions`, `choices`, `classes` and `assignments` show the newest version of each.
#[must_use]
pub fn quiz_catalog() -> Table {
    Table {
        name: "quiz_catalog".to_owned(),
        partition_by: "id".to_owned(),
        columns: vec![
            required("record_id", Kind::Varchar(36)),
            required("accepted_seq", Kind::Count),
            required("accepted_at", Kind::Timestamp),
            required("kind", Kind::Varchar(16)),
            required("id", Kind::BigInt),
            column("quiz_id", Kind::BigInt, true),
            column("question_id", Kind::BigInt, true),
            column("class_id", Kind::BigInt, true),
            column("number", Kind::Integer, true),
            column("label", Kind::Varchar(LONGEST_VARCHAR), true),
            column("is_key", Kind::Boolean, true),
            column("opened_at", Kind::Timestamp, true),
            column("closed_at", Kind::Timestamp, true),
            column("is_void", Kind::Boolean, true),
            producer(),
        ],
        names_producer: true,
        heartbeat: Some("\"kind\":\"heartbeat\","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = Vec<(String, String, bool)>;

    fn columns_of(db: &duckdb::Connection, table: &str) -> Found {
        let sql = "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = ? \
                   ORDER BY ordinal_position";
        let mut columns = db.prepare(sql).expect("query");
        let rows = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)? == "YES")));
        rows.expect("rows").collect::<Result<_, _>>().expect("row")
    }

    fn expected(table: &Table) -> Found {
        table.columns.iter().map(|c| (c.name.clone(), c.kind.sql().to_owned(), c.nullable)).collect()
    }

    #[test]
    fn the_columns_are_those_of_the_tables_in_the_schema() {
        let db = duckdb::Connection::open_in_memory().expect("duckdb");
        db.execute_batch(crate::warehouse::duckdb::TABLES).expect("schema");
        for table in [quiz_answers(), quiz_catalog()] {
            assert_eq!(columns_of(&db, &table.name), expected(&table));
        }
    }

    #[test]
    fn a_table_from_the_configuration_is_made_as_it_is_written() {
        #[derive(Deserialize)]
        struct Written {
            columns: Vec<Column>,
        }
        let text = r#"columns = [
            { name = "device", type = "varchar(64)" }, { name = "order", type = "double precision", nullable = true },
            { name = "at", type = "timestamp" }, { name = "on", type = "BOOLEAN" },
        ]"#;
        let columns = toml::from_str::<Written>(text).expect("columns").columns;
        let table = Table {
            name: "readings".into(),
            columns,
            partition_by: "device".into(),
            names_producer: false,
            heartbeat: None,
        };
        let db = duckdb::Connection::open_in_memory().expect("duckdb");
        for _ in 0..2 {
            db.execute_batch(&table.create_statement()).expect("made once");
        }
        assert_eq!(columns_of(&db, "readings"), expected(&table));

        for (bad, named) in [
            (r#"{ name = "Device", type = "bigint" }"#, "\"Device\" is no column name"),
            (r#"{ name = "a\"b", type = "bigint" }"#, "is no column name"),
            (r#"{ name = "device", type = "varchar(0)" }"#, "device: \"varchar(0)\" is no type"),
            (r#"{ name = "device", type = "text" }"#, "device: \"text\" is no type"),
        ] {
            let problem = toml::from_str::<Written>(&format!("columns = [{bad}]")).err().expect("bad").to_string();
            assert!(problem.contains(named), "{problem}");
        }
    }
}
