//! Results that are taken away, read back by libraries that nobody here wrote.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use reqwest::Response;

use crate::server::{Server, Staff};

/// What a CSV file begins with.
pub const MARK: &[u8] = "\u{feff}".as_bytes();

/// A row by the names of its columns.
pub type Row = BTreeMap<String, String>;

pub async fn get(staff: &Staff, server: &Server, assignment: i64, rest: &str) -> Response {
    staff.get(server, &format!("/api/assignments/{assignment}/export/{rest}")).await
}

pub async fn bytes(staff: &Staff, server: &Server, assignment: i64, rest: &str) -> Vec<u8> {
    let answer = get(staff, server, assignment, rest).await;
    assert_eq!(answer.status(), 200, "{rest}");
    answer.bytes().await.expect("a body").to_vec()
}

pub async fn rows(staff: &Staff, server: &Server, assignment: i64, rest: &str) -> Vec<Row> {
    rows_of(&bytes(staff, server, assignment, rest).await)
}

pub fn rows_of(file: &[u8]) -> Vec<Row> {
    let file = file.strip_prefix(MARK).expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(file);
    reader.deserialize().collect::<Result<_, _>>().expect("CSV")
}

pub async fn sheets(staff: &Staff, server: &Server, assignment: i64, rest: &str) -> Xlsx<Cursor<Vec<u8>>> {
    let file = bytes(staff, server, assignment, &format!("results.xlsx{rest}")).await;
    Xlsx::new(Cursor::new(file)).expect("a workbook")
}

/// A sheet whose first row names the columns.
pub struct Sheet(pub Range<Data>);

impl Sheet {
    pub fn of(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &str) -> Self {
        Self(book.worksheet_range(name).expect(name))
    }

    pub fn column(&self, head: &str) -> usize {
        let heads = self.0.rows().next().expect("a head");
        heads.iter().position(|cell| *cell == Data::String(head.to_owned())).expect(head)
    }

    pub fn rows(&self) -> impl Iterator<Item = &[Data]> {
        self.0.rows().skip(1)
    }
}

/// A figure; none where the field is empty.
pub fn number(row: &Row, column: &str) -> Option<f64> {
    let text = &row[column];
    (!text.is_empty()).then(|| text.parse().expect("a number"))
}
