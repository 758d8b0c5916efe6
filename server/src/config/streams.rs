//! Delivery streams as configuration: `[streams.<name>]` in the file.
//!
//! Owns the names of the settings, their defaults and their ranges. Two streams are always there, `quiz-answers` and
//! `quiz-catalog`; the file may change how they are kept and delivered, and may add others with tables of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::transform::WrittenTransform;
use super::{ConfigError, in_range};
use crate::delivery::{BufferingHints, is_reserved_folder};
use crate::records::columns::{Column, Table, is_identifier, quiz_answers, quiz_catalog};
use crate::records::{QUIZ_ANSWERS, QUIZ_CATALOG};
use crate::registry::terms::{
    COPY_RETRY_SECONDS, DATA_STREAM_RETENTION, Integration, MOST_MIB, Misfits, Quota, StreamConfig, is_stream_name,
};
use crate::remote::Written;

/// Hours that a stream keeps what was delivered, where the file does not say: a data stream has other readers, and Kinesis
/// keeps a day for them.
const fn hours_of(integration: Integration) -> u64 {
    match integration {
        Integration::Firehose => 0,
        Integration::KinesisDataStreams => DATA_STREAM_RETENTION.as_secs() / 3600,
    }
}

/// `[streams.<name>]` as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenStream {
    table: Option<String>,
    columns: Option<Vec<Column>>,
    partition_by: Option<String>,
    integration: Integration,
    misfits: Misfits,
    transform: Option<WrittenTransform>,
    shards: Option<u32>,
    buffer_mib: Option<u64>,
    buffer_seconds: Option<u64>,
    retention_hours: Option<u64>,
    most_mib: Option<u64>,
    copy_retry_seconds: Option<u64>,
    quota: Quota,
    source: Option<Written>,
    put_to: Option<Written>,
}

/// The streams of a configuration: the two that are always there, changed as the file says, and the file's own.
pub(super) fn streams(
    mut written: BTreeMap<String, WrittenStream>,
    hints: BufferingHints,
) -> Result<Vec<StreamConfig>, ConfigError> {
    let mut streams = Vec::with_capacity(2 + written.len());
    for (name, table) in [(QUIZ_ANSWERS, quiz_answers()), (QUIZ_CATALOG, quiz_catalog())] {
        let written = written.remove(name).unwrap_or_default();
        if written.table.is_some() || written.columns.is_some() || written.partition_by.is_some() {
            return Err(wrong(name, "has a table of its own; leave out table, columns and partition_by"));
        }
        streams.push(stream(name, table, &written, hints)?);
    }
    for (name, written) in written {
        let table = own_table(&name, &written)?;
        if streams.iter().any(|other| {
            other.destination.as_ref().and_then(|d| d.table.as_ref()).is_some_and(|t| t.name == table.name)
        }) {
            return Err(wrong(&name, "shares its table with another stream"));
        }
        streams.push(stream(&name, table, &written, hints)?);
    }
    Ok(streams)
}

fn wrong(stream: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Stream { stream: stream.to_owned(), problem: problem.into() }
}

fn own_table(name: &str, written: &WrittenStream) -> Result<Table, ConfigError> {
    if !is_stream_name(name) {
        return Err(wrong(name, "is no name for a stream: 1 to 64 letters, digits, _ . and -"));
    }
    if is_reserved_folder(name) {
        return Err(wrong(name, "is where the lake keeps something else; choose another name"));
    }
    let table = written.table.clone().unwrap_or_else(|| name.to_ascii_lowercase().replace(['-', '.'], "_"));
    if !is_identifier(&table) {
        return Err(wrong(name, format!("table: {table:?} is no table name; small letters, digits and _ make one")));
    }
    let columns = written.columns.clone().filter(|columns| !columns.is_empty());
    let columns =
        columns.ok_or_else(|| wrong(name, "needs columns, such as [{ name = \"at\", type = \"timestamp\" }]"))?;
    let partition_by = written.partition_by.clone().unwrap_or_else(|| columns[0].name.clone());
    if !columns.iter().any(|column| column.name == partition_by) {
        return Err(wrong(name, format!("partition_by: there is no column {partition_by:?}")));
    }
    Ok(Table { name: table, columns, partition_by, names_producer: false, heartbeat: None })
}

fn stream(
    name: &str,
    table: Table,
    written: &WrittenStream,
    hints: BufferingHints,
) -> Result<StreamConfig, ConfigError> {
    let mut stream = StreamConfig::to_table(name, table, hints);
    stream.integration = written.integration;
    stream.quota = written.quota;
    stream.source = written.source.clone().map(Written::source).transpose().map_err(|problem| wrong(name, problem))?;
    stream.put_to = written.put_to.clone().map(Written::target).transpose().map_err(|problem| wrong(name, problem))?;
    if stream.source.is_some() || stream.put_to.is_some() {
        kept_elsewhere(name, written)?;
    }
    stream.spec.shards = in_range("shards", u64::from(written.shards.unwrap_or(1)), 1..=100, "1 to 100")? as u32;
    let hours = in_range(
        "retention_hours",
        written.retention_hours.unwrap_or(hours_of(written.integration)),
        0..=8760,
        "0 to 8760",
    )?;
    stream.spec.retention = Duration::from_secs(hours * 3600);
    let most = in_range("most_mib", written.most_mib.unwrap_or(MOST_MIB), 64..=1 << 30, "64 or more")?;
    stream.spec.most_bytes = most << 20;
    if let Some(destination) = &mut stream.destination {
        destination.misfits = written.misfits;
        let transform = written.transform.as_ref().map(|written| written.read(super::transform::environment));
        destination.transform = transform.transpose().map_err(|problem| wrong(name, problem))?;
        if let Some(mib) = written.buffer_mib {
            destination.settings.hints.size_bytes = (in_range("buffer_mib", mib, 1..=128, "1 to 128")? as usize) << 20;
        }
        if let Some(seconds) = written.buffer_seconds {
            let seconds = in_range("buffer_seconds", seconds, 0..=900, "0 to 900")?;
            destination.settings.hints.interval = Duration::from_secs(seconds);
        }
        let retry = written.copy_retry_seconds.unwrap_or(COPY_RETRY_SECONDS);
        let retry = in_range("copy_retry_seconds", retry, 0..=7200, "0 to 7200")?;
        destination.settings.copy_retry = Duration::from_secs(retry);
    }
    Ok(stream)
}

/// Settings of a log that takes no records would look as if they did something.
fn kept_elsewhere(name: &str, written: &WrittenStream) -> Result<(), ConfigError> {
    let of_log = [
        ("integration", written.integration != Integration::default()),
        ("shards", written.shards.is_some()),
        ("retention_hours", written.retention_hours.is_some()),
        ("most_mib", written.most_mib.is_some()),
    ];
    match of_log.iter().find(|(_, is_set)| *is_set) {
        Some((setting, _)) => Err(wrong(
            name,
            format!("{setting} is for records that are kept here; leave it out with source and put_to"),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINTS: BufferingHints = BufferingHints { size_bytes: 5 << 20, interval: Duration::ZERO };

    fn read(text: &str) -> Result<Vec<StreamConfig>, String> {
        let written = toml::from_str(text).map_err(|e| e.to_string())?;
        streams(written, HINTS).map_err(|e| e.to_string())
    }

    #[test]
    fn two_streams_are_always_there_and_one_line_switches_the_integration() {
        let plain = read("").expect("no file");
        assert_eq!(plain.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), [QUIZ_ANSWERS, QUIZ_CATALOG]);
        let switched = read("[quiz-answers]\nintegration = \"kinesis-data-streams\"").expect("one line");
        assert_eq!(switched[0].integration, Integration::KinesisDataStreams);
        let (mut back, day) = (switched[0].clone(), DATA_STREAM_RETENTION);
        assert_eq!(std::mem::take(&mut back.spec.retention), day, "its other readers have a day");
        assert_eq!(StreamConfig { integration: Integration::Firehose, ..back }, plain[0]);
    }

    #[test]
    fn a_stream_of_one_s_own_has_a_table_and_the_settings_of_the_file() {
        let streams = read(
            "[sensor-readings]\nshards = 4\nmisfits = \"error-output\"\nbuffer_seconds = 60\ncopy_retry_seconds = 0\n\
             quota = { records_per_second = 1000 }\ncolumns = [{ name = \"device\", type = \"varchar(64)\" }]",
        );
        let own = streams.expect("right").remove(2);
        let destination = own.destination.expect("delivered");
        let table = destination.table.expect("a table");
        assert_eq!((table.name.as_str(), table.partition_by.as_str()), ("sensor_readings", "device"));
        assert_eq!((own.spec.shards, own.quota.records_per_second), (4, Some(1000)));
        assert_eq!(destination.misfits, Misfits::ErrorOutput);
        assert_eq!(destination.settings.hints, BufferingHints { interval: Duration::from_secs(60), ..HINTS });
    }

    #[test]
    fn a_stream_is_read_from_elsewhere_and_handed_on() {
        let arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/answers";
        let streams = read(&format!(
            "[quiz-answers]\nsource = {{ kinesis = \"{arn}\" }}\n\
             put_to = {{ kinesis = \"answers\", region = \"r\", endpoint = \"http://h:1\" }}"
        ));
        let stream = streams.expect("right").remove(0);
        let source = stream.source.expect("a source");
        assert_eq!((source.name(), source.at.region.as_deref()), ("answers", Some("eu-west-1")));
        assert_eq!(source.poll, Duration::from_millis(250));
        let target = stream.put_to.expect("a target");
        assert_eq!((target.to.name(), target.at.region.as_deref()), ("answers", Some("r")));
        assert_eq!(target.at.endpoint.map(|url| url.to_string()).as_deref(), Some("http://h:1/"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_stream() {
        for (text, named) in [
            ("[quiz-answers]\ntable = \"x\"", "quiz-answers"),
            ("[readings]", "readings"),
            ("[readings]\ncolumns = [{ name = \"a\", type = \"bigint\" }]\npartition_by = \"b\"", "partition_by"),
            ("[\"a b\"]\ncolumns = [{ name = \"a\", type = \"bigint\" }]", "a b"),
            ("[x]\ntable = \"quiz_answers\"\ncolumns = [{ name = \"a\", type = \"bigint\" }]", "shares its table"),
            ("[quiz-answers]\nshards = 0", "shards has to be 1 to 100"),
            ("[quiz-answers]\nintegration = \"sqs\"", "sqs"),
            ("[quiz-answers]\ntransform = {}", "streams.quiz-answers: transform: "),
            ("[quiz-answers]\nsource = { kinesis = \"a b\" }", "quiz-answers: source: \"a b\" is neither"),
            ("[quiz-answers]\nsource = { firehose = \"a\" }", "source: nobody can read from a firehose"),
            ("[quiz-answers]\nsource = { kinesis = \"a\", poll_ms = 1 }", "poll_ms has to be 10 to 1000, not 1"),
            ("[quiz-answers]\nsource = { kinesis = \"a\", endpoint = \"ftp://h\" }", "not ftp:"),
            ("[quiz-answers]\nsource = { kinesis = \"arn:aws:sqs:r:1:stream/a\" }", "nor its ARN"),
            ("[quiz-answers]\nput_to = {}", "put_to: needs either firehose"),
            ("[quiz-answers]\nput_to = { firehose = \"a\", kinesis = \"a\" }", "put_to: needs either firehose"),
            ("[quiz-answers]\nput_to = { firehose = \"a\" }\nshards = 2", "shards is for records that are kept here"),
        ] {
            let problem = read(text).expect_err(text);
            assert!(problem.contains(named), "{text}: {problem}");
        }
    }
}
