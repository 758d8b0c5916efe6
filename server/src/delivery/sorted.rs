//! A batch's records, sorted into rows and the error output.
//!
//! Owns which record goes where, and why. Does not own the transform's verdicts, nor whether a record fits its table, nor
//! when anything is written.

use super::DeliveryError;
use super::failed::{self, Reason};
use super::transformed::Transformed;
use crate::records::columns::Table;
use crate::records::fit::fit;
use crate::records::source::{Form, Gathered, Item};
use crate::transform::{Outcome, Verdict};

/// How many records of a batch went another way than into rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// They do not fit their table, and lie in the error output.
    pub misfits: u64,
    /// The transform failed them, and they lie in the error output.
    pub unprocessed: u64,
    /// The transform dropped them.
    pub dropped: u64,
    /// The transform has changed them, or could have: those that it said `Ok` to.
    pub processed: u64,
    /// Bytes of these, before the transform.
    pub processed_bytes: u64,
}

/// A batch's records, sorted.
#[derive(Default)]
pub(super) struct ByPartition {
    /// The rows' lines; absent if they are the batch as it is.
    pub lines: Option<Vec<u8>>,
    pub rows: u64,
    pub tally: Tally,
    /// Lines of the error output.
    pub failed: Vec<u8>,
}

impl ByPartition {
    /// Without a table, every record is a row as it is; with one, those that fit.
    pub fn of(table: Option<&Table>, batch: &Gathered, now: i64) -> Result<Self, DeliveryError> {
        let Some(table) = table.filter(|_| !batch.is_fitted()) else {
            return Ok(Self { rows: batch.records(), ..Self::default() });
        };
        let (mut sorted, mut lines) = (Self::default(), Vec::with_capacity(batch.data().len()));
        for item in batch.items() {
            match item.form {
                Form::Fitted => {
                    lines.extend_from_slice(item.data);
                    sorted.rows += 1;
                }
                Form::Raw => sorted.fit(table, &item, item.data, &mut lines, None, now)?,
            }
        }
        Ok(Self { lines: Some(lines), ..sorted })
    }

    /// By what the transform has made of each record; that has to fit the table, if there is one.
    pub fn after(
        transformed: Transformed<'_>,
        table: Option<&Table>,
        batch: &Gathered,
        now: i64,
    ) -> Result<Self, DeliveryError> {
        let (mut sorted, mut lines) = (Self::default(), Vec::with_capacity(batch.data().len()));
        let arn = transformed.arn;
        for (item, Outcome { verdict, attempts }) in batch.items().zip(transformed.outcomes) {
            let by = Some((arn, attempts));
            match (verdict, table) {
                (Verdict::Dropped, _) => sorted.tally.dropped += 1,
                (Verdict::Failed { code, message }, _) => {
                    let reason = Reason { code, message: &message, attempts, lambda_arn: Some(arn) };
                    failed::write(&mut sorted.failed, &item, &reason, now).map_err(std::io::Error::from)?;
                    sorted.tally.unprocessed += 1;
                }
                (Verdict::Ok(data), table) => {
                    sorted.tally.processed += 1;
                    sorted.tally.processed_bytes += item.data.len() as u64;
                    match table {
                        Some(table) => sorted.fit(table, &item, &data, &mut lines, by, now)?,
                        None => {
                            lines.extend_from_slice(&data);
                            sorted.rows += 1;
                        }
                    }
                }
            }
        }
        Ok(Self { lines: Some(lines), ..sorted })
    }

    /// One record's line if `data` fits, or one for the error output with the record as it was sent. `by` is the function
    /// that made `data` of it, and in how many attempts.
    fn fit(
        &mut self,
        table: &Table,
        item: &Item<'_>,
        data: &[u8],
        lines: &mut Vec<u8>,
        by: Option<(&str, u32)>,
        now: i64,
    ) -> Result<(), DeliveryError> {
        let Err(misfit) = fit(table, data, lines) else {
            self.rows += 1;
            return Ok(());
        };
        let message = misfit.to_string();
        let (lambda_arn, attempts) = by.map_or((None, 1), |(arn, attempts)| (Some(arn), attempts));
        let reason = Reason { code: failed::DOES_NOT_FIT, message: &message, attempts, lambda_arn };
        failed::write(&mut self.failed, item, &reason, now).map_err(std::io::Error::from)?;
        self.tally.misfits += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::records::columns::quiz_answers;

    const LINE: &str = r#"{"record_id":"r","accepted_seq":1,"accepted_at":"2026-01-31 10:41:07","assignment_id":7,"class_id":1,"quiz_id":1,"attempt_id":"a","attempt_no":1,"student_key":"s","question_id":1,"choice_id":null,"elapsed_ms":1}"#;

    fn lines_of(failed: Vec<u8>) -> Vec<Value> {
        let text = String::from_utf8(failed).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("json")).collect()
    }

    #[test]
    fn what_does_not_fit_goes_to_the_error_output_with_firehose_s_fields() {
        let mut batch = Gathered::starting_at(40);
        batch.begin(1_000, Form::Raw);
        batch.push(LINE.as_bytes());
        batch.push(b"\xff\xfe");
        batch.begin(2_000, Form::Raw);
        batch.push(LINE.replace("\"quiz_id\":1", "\"quiz_id\":\"x\"").as_bytes());
        let sorted = ByPartition::of(Some(&quiz_answers()), &batch, 3_000).expect("sorted");
        assert_eq!((sorted.rows, sorted.lines.as_deref().map(|l| l.split(|b| *b == b'\n').count())), (1, Some(2)));
        assert_eq!(sorted.tally, Tally { misfits: 2, ..Tally::default() });
        let failed = lines_of(sorted.failed);
        assert_eq!(failed.len(), 2);
        assert_eq!((&failed[0]["rawData"], &failed[0]["arrivalTimestamp"]), (&"//4=".into(), &1_000.into()));
        assert_eq!((&failed[1]["errorCode"], &failed[1]["attemptsMade"]), (&failed::DOES_NOT_FIT.into(), &1.into()));
        assert!(failed[1]["errorMessage"].as_str().is_some_and(|m| m.starts_with("quiz_id: ")), "{failed:?}");
        assert_eq!((&failed[1]["attemptEndingTimestamp"], &failed[1]["lambdaArn"]), (&3_000.into(), &Value::Null));
    }

    #[test]
    fn a_transform_s_verdicts_decide_and_what_was_sent_stays_in_the_error_output() {
        let mut batch = Gathered::starting_at(40);
        batch.begin(1_000, Form::Raw);
        for data in ["ok", "dropped", "failed", "misfit"] {
            batch.push(data.as_bytes());
        }
        // Fitted once, before the stream had a transform: it goes by the transform all the same.
        batch.begin(2_000, Form::Fitted);
        batch.push(LINE.as_bytes());
        let outcome = |verdict| Outcome { verdict, attempts: 2 };
        let outcomes = || {
            let failed = Verdict::Failed { code: "Lambda.FunctionError", message: "said".to_owned() };
            let (ok, unfit) = (Verdict::Ok(LINE.into()), Verdict::Ok(b"{}".to_vec()));
            [ok.clone(), Verdict::Dropped, failed, unfit, ok].map(outcome).to_vec()
        };
        let transformed = || Transformed { arn: "arn", outcomes: outcomes() };
        let sorted = ByPartition::after(transformed(), Some(&quiz_answers()), &batch, 3_000).expect("sorted");
        // What a record leaves out is written out.
        let line = LINE.replace("\"elapsed_ms\":1}", "\"elapsed_ms\":1,\"producer\":null}");
        assert_eq!(sorted.lines.as_deref(), Some(format!("{line}\n{line}\n").as_bytes()));
        let processed_bytes = ("ok".len() + "misfit".len() + LINE.len()) as u64;
        let tally = Tally { misfits: 1, unprocessed: 1, dropped: 1, processed: 3, processed_bytes };
        assert_eq!((sorted.rows, sorted.tally), (2, tally));
        let failed = lines_of(sorted.failed);
        let of = |line: &Value| ["errorCode", "rawData", "lambdaArn", "attemptsMade"].map(|name| line[name].clone());
        assert_eq!(of(&failed[0]), ["Lambda.FunctionError".into(), "ZmFpbGVk".into(), "arn".into(), Value::from(2)]);
        assert_eq!(of(&failed[1]), [failed::DOES_NOT_FIT.into(), "bWlzZml0".into(), "arn".into(), Value::from(2)]);

        let to_lake = ByPartition::after(transformed(), None, &batch, 3_000).expect("sorted");
        let all = [LINE, "{}", LINE].concat();
        assert_eq!(
            (to_lake.rows, to_lake.lines.as_deref()),
            (3, Some(all.as_bytes())),
            "not separated, as Firehose does"
        );
    }
}
