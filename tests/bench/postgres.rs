//! PostgreSQL 15 beside it: the same batches by multi-row INSERT into the same table with one index.
//!
//! Each of its backends is a session of its own: where cores are shared with other work session by session, as Linux does
//! by default, it is given more of them than one process is. What it takes of the CPU is counted, therefore.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

use crate::answers::{Answer, BATCH, FIRST, Template, digits};
use crate::cluster::{Cluster, TABLE};
use crate::cpu::cpu_of;
use crate::drive::{Batches, Tally};
use crate::machine::cpu_of_ended;
use crate::running::Outcome;

const COLUMNS: usize = 12;

/// What it did.
pub struct Took {
    pub tally: Tally,
    /// From the first INSERT to the last commit.
    pub time: Duration,
    /// Rows that are in the table.
    pub rows: u64,
    /// CPU time of all its processes, from their start to their end.
    pub server_cpu: Duration,
    pub driver_cpu: Duration,
}

/// Inserts batches over so many connections until the time is up.
pub async fn insert(templates: Vec<Vec<Template>>, time: Duration) -> Outcome<Took> {
    let cluster = Cluster::start()?;
    let first = cluster.connect().await?;
    first.batch_execute(TABLE).await?;
    first.batch_execute("CREATE INDEX ON quiz_answers (assignment_id, accepted_seq)").await?;
    let mut clients = Vec::new();
    for of_one in templates {
        let client = cluster.connect().await?;
        let statement = client.prepare(&statement()).await?;
        clients.push((client, statement, of_one));
    }
    let (began, driver_before) = (Instant::now(), cpu_of("self")?);
    let batches = Arc::new(Batches::until(began + time));
    let mut running = tokio::task::JoinSet::new();
    for (client, statement, of_one) in clients {
        running.spawn(insert_over_one(client, statement, of_one, Arc::clone(&batches)));
    }
    let mut tally = Tally::default();
    while let Some(one) = running.join_next().await {
        tally.add(one??);
    }
    let (time, driver_cpu) = (began.elapsed(), cpu_of("self")? - driver_before);
    let rows: i64 = first.query_one("SELECT count(*) FROM quiz_answers", &[]).await?.get(0);
    let ended_before = cpu_of_ended()?;
    drop((first, cluster));
    let server_cpu = cpu_of_ended()? - ended_before;
    Ok(Took { tally, time, rows: rows.unsigned_abs(), server_cpu, driver_cpu })
}

fn statement() -> String {
    let row = |row: usize| {
        let places: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
        format!("({})", places.join(","))
    };
    format!("INSERT INTO quiz_answers VALUES {}", (0..BATCH).map(row).collect::<Vec<_>>().join(","))
}

/// One transaction a batch.
async fn insert_over_one(
    client: Client,
    statement: Statement,
    templates: Vec<Template>,
    batches: Arc<Batches>,
) -> Outcome<Tally> {
    let mut templates: Vec<Vec<Row>> =
        templates.iter().map(|template| template.answers.iter().map(Row::of).collect()).collect();
    let bytes = statement.params().iter().map(width).sum::<usize>();
    let (mut tally, mut turn) = (Tally::default(), 0);
    while let Some(batch) = batches.next() {
        let of = templates.len();
        let rows = &mut templates[turn % of];
        turn += 1;
        for (number, row) in (FIRST + batch * BATCH as u64..).zip(rows.iter_mut()) {
            row.number(number);
        }
        let parameters: Vec<&(dyn ToSql + Sync)> = rows.iter().flat_map(Row::parameters).collect();
        let sent = Instant::now();
        tally.records += client.execute(&statement, &parameters).await?;
        tally.sent(sent.elapsed(), bytes);
    }
    Ok(tally)
}

/// Bytes of a value on PostgreSQL's wire, with its length.
fn width(of: &Type) -> usize {
    4 + match *of {
        Type::VARCHAR => 36,
        Type::INT4 => 4,
        _ => 8,
    }
}

struct Row {
    record_id: String,
    accepted_seq: i64,
    accepted_at: SystemTime,
    assignment: i64,
    class: i64,
    quiz: i64,
    attempt: String,
    attempt_no: i32,
    student: String,
    question: i64,
    choice: Option<i64>,
    elapsed_ms: i64,
}

impl Row {
    fn of(answer: &Answer) -> Self {
        Self {
            record_id: answer.id.clone(),
            accepted_seq: 0,
            accepted_at: SystemTime::UNIX_EPOCH + Duration::from_millis(answer.accepted_ms),
            assignment: answer.assignment,
            class: answer.class,
            quiz: answer.quiz,
            attempt: answer.attempt.clone(),
            attempt_no: 1,
            student: answer.student.clone(),
            question: answer.question,
            choice: answer.choice,
            elapsed_ms: answer.elapsed_ms,
        }
    }

    fn number(&mut self, number: u64) {
        self.accepted_seq = number.cast_signed();
        self.record_id.truncate(24);
        self.record_id.extend(digits(number).map(char::from));
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); COLUMNS] {
        [
            &self.record_id,
            &self.accepted_seq,
            &self.accepted_at,
            &self.assignment,
            &self.class,
            &self.quiz,
            &self.attempt,
            &self.attempt_no,
            &self.student,
            &self.question,
            &self.choice,
            &self.elapsed_ms,
        ]
    }
}
