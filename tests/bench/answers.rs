//! Quiz answers as another system would put them: 500 a batch, each with a number that no other has.
//!
//! Owns the templates. They are made before the clock runs; a batch differs from its template in 12 digits a record,
//! which stand twice in each, where they can be replaced in the base64 text too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// Records of a batch.
pub const BATCH: usize = 500;
pub const ASSIGNMENTS: i64 = 2_000;
/// Answers of one attempt.
const ANSWERS: usize = 10;
/// So many templates have one attempt at each assignment.
pub const TEMPLATES: usize = ASSIGNMENTS as usize / (BATCH / ANSWERS);
/// Numbers begin here, so that they have 12 digits.
pub const FIRST: u64 = 100_000_000_000;
const DIGITS: usize = 12;

/// One answer, as the table has it but for its number.
pub struct Answer {
    /// A uuid without the 12 digits at its end.
    pub id: String,
    pub accepted_ms: u64,
    pub assignment: i64,
    pub class: i64,
    pub quiz: i64,
    pub attempt: String,
    pub student: String,
    pub question: i64,
    pub choice: Option<i64>,
    pub elapsed_ms: i64,
}

/// A batch but for its numbers.
pub struct Template {
    pub answers: Vec<Answer>,
    /// `PutRecordBatch`'s body.
    pub body: Vec<u8>,
    /// Where in the body the data of each record lies.
    data: Vec<std::ops::Range<usize>>,
    /// Where in a record's base64 text its number stands, both times.
    places: [usize; 2],
}

/// All templates. The same ones in every run.
pub fn templates(stream: &str) -> Vec<Template> {
    let mut random = StdRng::seed_from_u64(1);
    (0..TEMPLATES).map(|n| Template::of(stream, attempts(&mut random, n))).collect()
}

fn attempts(random: &mut StdRng, template: usize) -> Vec<Answer> {
    let uuid = |random: &mut StdRng| Uuid::from_u128(random.random()).to_string();
    let mut answers = Vec::with_capacity(BATCH);
    for n in 0..BATCH / ANSWERS {
        let assignment = (template * (BATCH / ANSWERS) + n) as i64 + 1;
        let (attempt, student) = (uuid(random), uuid(random));
        let accepted_ms = 1_700_000_000_000 + random.random_range(0..3_600_000);
        for question in 0..ANSWERS as i64 {
            let quiz = assignment % 97 + 1;
            let question = quiz * 20 + question;
            answers.push(Answer {
                id: uuid(random)[..36 - DIGITS].to_owned(),
                accepted_ms,
                assignment,
                class: assignment % 331 + 1,
                quiz,
                attempt: attempt.clone(),
                student: student.clone(),
                question,
                choice: random.random_bool(0.95).then(|| question * 4 + random.random_range(0..4)),
                elapsed_ms: random.random_range(900..90_000),
            });
        }
    }
    answers
}

impl Template {
    fn of(stream: &str, answers: Vec<Answer>) -> Self {
        let mut body = format!("{{\"DeliveryStreamName\":\"{stream}\",\"Records\":[").into_bytes();
        let mut data = Vec::with_capacity(BATCH);
        let mut places = [0; 2];
        for (n, answer) in answers.iter().enumerate() {
            let (text, at) = record(answer);
            places = at.map(|place| place / 3 * 4);
            body.extend_from_slice(if n == 0 { b"{\"Data\":\"" } else { b",{\"Data\":\"" });
            let start = body.len();
            body.extend_from_slice(STANDARD.encode(text).as_bytes());
            data.push(start..body.len());
            body.extend_from_slice(b"\"}");
        }
        body.extend_from_slice(b"]}");
        Self { answers, body, data, places }
    }

    /// Gives the batch its numbers, from `first` on.
    pub fn number(&mut self, first: u64) {
        let mut code = [0; DIGITS / 3 * 4];
        for (number, data) in (first..).zip(&self.data) {
            // 12 bytes are 16 characters, exactly.
            if STANDARD.encode_slice(digits(number), &mut code).is_ok() {
                for place in self.places {
                    self.body[data.start + place..][..code.len()].copy_from_slice(&code);
                }
            }
        }
    }

    /// The body with these records alone, by their places in the batch.
    pub fn only(&self, stream: &str, places: &[usize]) -> Vec<u8> {
        let texts = places.iter().map(|place| String::from_utf8_lossy(&self.body[self.data[*place].clone()]));
        let records: Vec<_> = texts.map(|data| serde_json::json!({ "Data": data })).collect();
        serde_json::json!({ "DeliveryStreamName": stream, "Records": records }).to_string().into_bytes()
    }

    /// Bytes of a record before base64, on average.
    pub fn record_bytes(&self) -> usize {
        self.data.iter().map(|data| data.len() / 4 * 3).sum::<usize>() / self.data.len()
    }
}

/// A number that [`FIRST`] is not above, in decimal.
pub fn digits(mut number: u64) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    digits
}

/// A record's text, and where its number stands: at multiples of 3, so that base64 has it at multiples of 4.
fn record(answer: &Answer) -> (String, [usize; 2]) {
    let number = FIRST.to_string();
    let mut text = format!("{{ \"record_id\":\"{}", answer.id);
    let first = text.len();
    text += &format!("{number}\",\"accepted_seq\": ");
    let second = text.len();
    let at = chrono::DateTime::from_timestamp_millis(answer.accepted_ms.cast_signed()).unwrap_or_default();
    text += &format!(
        "{number},\"accepted_at\":\"{}\",\"assignment_id\":{},\"class_id\":{},\"quiz_id\":{},\"attempt_id\":\"{}\",\
         \"attempt_no\":1,\"student_key\":\"{}\",\"question_id\":{},\"choice_id\":{},\"elapsed_ms\":{}}}\n",
        at.format("%Y-%m-%d %H:%M:%S%.3f"),
        answer.assignment,
        answer.class,
        answer.quiz,
        answer.attempt,
        answer.student,
        answer.question,
        answer.choice.map_or_else(|| "null".to_owned(), |choice| choice.to_string()),
        answer.elapsed_ms,
    );
    debug_assert!(first % 3 == 0 && second % 3 == 0, "the blanks see to that");
    (text, [first, second])
}
