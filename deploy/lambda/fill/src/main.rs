//! The Lambda function `fill`: started by AWS Lambda, or by `freshmark` as a stream's transform.
//!
//! Owns reading what it is told by its environment. What it does with a record is in [`fill`]'s library.

use fill::{Answer, Event, Names};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let names = Names::from_environment(|name| std::env::var(name).ok());
    let names = &names;
    let answer = |event: LambdaEvent<Event>| async move { Ok::<Answer, Error>(fill::answer(names, &event.payload)) };
    lambda_runtime::run(service_fn(answer)).await
}
