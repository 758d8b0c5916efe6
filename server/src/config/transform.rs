//! `transform = { … }` of a stream in the file.
//!
//! Owns the names of the settings, their defaults and their ranges. Whether an executable is there is seen when the stream
//! starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use crate::transform::{Function, Transform};

/// As Firehose gives a function, at the most (AWS, "Transform source data in Amazon Data Firehose").
const LONGEST_TIMEOUT: u64 = 300;
const TIMEOUT: u64 = 60;
/// Firehose's own default, and its most (`NumberOfRetries`).
const RETRIES: u32 = 3;
const MOST_RETRIES: u32 = 300;
/// Where a function is if nobody says so, and it does not matter.
const REGION: &str = "us-east-1";

/// `transform` as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenTransform {
    executable: Option<PathBuf>,
    environment: BTreeMap<String, String>,
    function: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
    timeout_seconds: Option<u64>,
    retries: Option<u32>,
}

/// A variable of the process's environment.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl WrittenTransform {
    /// The transform that is meant; the region is AWS's own variables' if it is not written.
    pub fn read(&self, environment: impl Fn(&str) -> Option<String>) -> Result<Transform, String> {
        let region = self.region.clone().or_else(|| environment("AWS_REGION"));
        let region = region.or_else(|| environment("AWS_DEFAULT_REGION"));
        let function = self.function(region.is_some())?;
        let region = region.unwrap_or_else(|| REGION.to_owned());
        if !is_word(&region, 64, b"-") {
            return Err(format!("transform.region: {region:?} is no region, such as eu-west-1"));
        }
        let timeout = self.timeout_seconds.unwrap_or(TIMEOUT);
        if !(1..=LONGEST_TIMEOUT).contains(&timeout) {
            return Err(format!("transform.timeout_seconds has to be 1 to {LONGEST_TIMEOUT}, not {timeout}"));
        }
        let retries = self.retries.unwrap_or(RETRIES);
        if retries > MOST_RETRIES {
            return Err(format!("transform.retries has to be 0 to {MOST_RETRIES}, not {retries}"));
        }
        Ok(Transform { function, region, timeout: Duration::from_secs(timeout), retries })
    }

    fn function(&self, has_region: bool) -> Result<Function, String> {
        match (&self.executable, &self.function) {
            (Some(_), Some(_)) => Err("transform: has an executable and a function; leave one of them out".to_owned()),
            (None, None) => Err("transform: needs an executable, or a function with its endpoint".to_owned()),
            (Some(path), None) => {
                if self.endpoint.is_some() {
                    return Err("transform.endpoint: goes with a function, and not with an executable".to_owned());
                }
                self.environment.iter().try_for_each(|(name, value)| settable(name, value))?;
                Ok(Function::Executable { path: path.clone(), environment: self.environment.clone() })
            }
            (None, Some(name)) => {
                if !is_word(name, 64, b"-_") {
                    let rule = "1 to 64 letters, digits, - and _";
                    return Err(format!("transform.function: {name:?} is no function's name: {rule}"));
                }
                if !self.environment.is_empty() {
                    return Err("transform.environment: goes with an executable; a function has its own".to_owned());
                }
                let endpoint = self.endpoint.as_deref().map(address).transpose()?;
                if endpoint.is_none() && !has_region {
                    return Err(
                        "transform.region: is missing; without it, or AWS_REGION, or an endpoint, nobody knows \
                                where the function is"
                            .to_owned(),
                    );
                }
                Ok(Function::Named { name: name.clone(), endpoint })
            }
        }
    }
}

fn address(written: &str) -> Result<Url, String> {
    let url = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let plain = url.filter(|url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty());
    plain.ok_or_else(|| format!("transform.endpoint: {written:?} is no address like http://127.0.0.1:9001"))
}

/// Lambda's own variables are the server's to set, as on AWS they are AWS's.
fn settable(name: &str, value: &str) -> Result<(), String> {
    if !is_word(name, 256, b"_") || name.as_bytes()[0].is_ascii_digit() {
        return Err(format!("transform.environment: {name:?} is no name for a variable"));
    }
    let is_reserved = name == "_HANDLER" || ["AWS_LAMBDA_", "LAMBDA_"].iter().any(|start| name.starts_with(start));
    if is_reserved || ["AWS_REGION", "AWS_DEFAULT_REGION"].contains(&name) {
        return Err(format!("transform.environment: {name} is reserved; choose another name"));
    }
    if value.contains('\0') {
        return Err(format!("transform.environment: the value of {name} has a NUL"));
    }
    Ok(())
}

fn is_word(text: &str, most: usize, besides: &[u8]) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || besides.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Transform, String> {
        read_in(text, "")
    }

    fn read_in(text: &str, region: &str) -> Result<Transform, String> {
        let written: WrittenTransform = toml::from_str(text).map_err(|e| e.to_string())?;
        written.read(|name| Some(region.to_owned()).filter(|value| name == "AWS_REGION" && !value.is_empty()))
    }

    #[test]
    fn an_executable_has_firehose_s_defaults() {
        let transform = read("executable = \"deploy/fill\"\nenvironment = { FILL_ID = \"id\" }").expect("right");
        assert_eq!((transform.timeout, transform.retries), (Duration::from_secs(60), 3));
        assert_eq!(transform.arn(), "arn:aws:lambda:us-east-1:000000000000:function:fill:$LATEST");
        let Function::Executable { path, environment } = transform.function else { panic!("an executable") };
        assert_eq!((path, environment["FILL_ID"].as_str()), ("deploy/fill".into(), "id"));
    }

    #[test]
    fn a_function_is_named_with_its_endpoint_or_its_region() {
        let transform =
            read("function = \"f\"\nendpoint = \"http://127.0.0.1:9001\"\ntimeout_seconds = 5\nretries = 0");
        let transform = transform.expect("right");
        assert_eq!((transform.timeout, transform.retries, transform.name().as_str()), (Duration::from_secs(5), 0, "f"));
        let on_aws = read_in("function = \"f\"", "eu-west-1").expect("right");
        assert_eq!(
            (on_aws.region.as_str(), &on_aws.function),
            ("eu-west-1", &Function::Named { name: "f".into(), endpoint: None })
        );
        let elsewhere = read_in("function = \"f\"\nregion = \"us-west-2\"", "eu-west-1").expect("right");
        assert_eq!(elsewhere.region, "us-west-2", "what is written beats the environment");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("", "needs an executable, or a function"),
            ("executable = \"a\"\nfunction = \"b\"", "leave one of them out"),
            ("executable = \"a\"\nendpoint = \"http://h\"", "transform.endpoint"),
            (
                "executable = \"a\"\nenvironment = { AWS_LAMBDA_RUNTIME_API = \"x\" }",
                "AWS_LAMBDA_RUNTIME_API is reserved",
            ),
            ("executable = \"a\"\nenvironment = { \"A=B\" = \"x\" }", "A=B"),
            ("executable = \"a\"\nenvironment = { A = \"\\u0000\" }", "NUL"),
            ("function = \"f\"", "transform.region"),
            ("function = \"arn:aws:lambda:f\"\nregion = \"r\"", "transform.function"),
            ("function = \"f\"\nenvironment = { A = \"x\" }\nregion = \"r\"", "transform.environment"),
            ("function = \"f\"\nendpoint = \"h:1\"", "transform.endpoint"),
            ("function = \"f\"\nendpoint = \"http://h?x=1\"", "transform.endpoint"),
            ("function = \"f\"\nregion = \"eu west\"", "eu west"),
            ("executable = \"a\"\ntimeout_seconds = 0", "transform.timeout_seconds has to be 1 to 300, not 0"),
            ("executable = \"a\"\ntimeout_seconds = 301", "not 301"),
            ("executable = \"a\"\nretries = 301", "transform.retries has to be 0 to 300, not 301"),
            ("executable = \"a\"\nretires = 1", "retires"),
        ] {
            let problem = read(text).expect_err(text);
            assert!(problem.contains(named), "{text}: {problem}");
        }
    }
}
