//! Who sends a request, as far as that can be told without a session: the address it comes from. And how often one address
//! may try what a guess could open.
//!
//! A whole school may come from one address, so the limits are wide; what one account may take is limited by the room
//! `accounts`.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use app::api::ApiError;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use super::WebError;
use crate::clock::Clock;
use crate::limit::{Allowance, Limit};

/// Wrong passwords from one address: a staff room on Monday, and one a second for somebody who guesses.
const SIGN_INS: Allowance = Allowance { at_once: 60, refill_ms: 1_000 };

/// Joins from one address: a dozen classes at once, and then ten students a second.
const JOINS: Allowance = Allowance { at_once: 400, refill_ms: 100 };

/// A wrong code costs so many joins more. Whoever guesses has one try in two seconds, for 17 million codes.
const WRONG_CODE: u32 = 19;

/// Where a request comes from. All whose address is not known are one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client(IpAddr);

impl Client {
    /// A household has 2⁶⁴ addresses of version 6; they are one client.
    pub(super) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) if address.is_loopback() => Self(address.into()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
        }
    }

    /// Whether it is a program on the server's own machine; or a proxy there, which says so in its headers.
    pub(super) fn is_this_machine(self) -> bool {
        self.0.is_loopback()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self::at(known.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(address)| address.ip())))
    }
}

/// What each client has tried.
pub(super) struct Limits {
    sign_ins: Limit<Client>,
    joins: Limit<Client>,
}

impl Limits {
    pub(super) fn new(clock: &Clock) -> Self {
        Self { sign_ins: Limit::new(SIGN_INS, clock.clone()), joins: Limit::new(JOINS, clock.clone()) }
    }

    /// Tries to sign in. Only what was refused as wrong counts.
    pub(super) async fn sign_in<T>(
        &self,
        client: Client,
        sign_in: impl Future<Output = Result<T, WebError>>,
    ) -> Result<T, WebError> {
        self.sign_ins.take(&client).map_err(|e| ApiError::too_many("tries to sign in", e.retry_after_s))?;
        let outcome = sign_in.await;
        if !matches!(outcome, Err(WebError(ApiError::SignedOut { .. }))) {
            self.sign_ins.give_back(&client);
        }
        outcome
    }

    /// Tries to join. A code that is not known counts for more.
    pub(super) async fn join<T>(
        &self,
        client: Client,
        join: impl Future<Output = Result<T, WebError>>,
    ) -> Result<T, WebError> {
        self.joins.take(&client).map_err(|e| ApiError::too_many("tries to join from here", e.retry_after_s))?;
        let outcome = join.await;
        if matches!(outcome, Err(WebError(ApiError::NotFound { .. }))) {
            self.joins.charge(&client, WRONG_CODE);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    fn client(address: &str) -> Client {
        Client::at(address.parse().expect("an address"))
    }

    async fn right() -> Result<(), WebError> {
        Ok(())
    }

    async fn wrong(error: ApiError) -> Result<(), WebError> {
        Err(error.into())
    }

    #[test]
    fn a_household_is_one_client() {
        assert_eq!(client("2001:db8:1:2::3"), client("2001:db8:1:2:4:5:6:7"));
        assert_ne!(client("2001:db8:1:2::3"), client("2001:db8:1:3::3"));
        assert_eq!(client("::ffff:10.0.0.7"), client("10.0.0.7"));
        assert_ne!(client("10.0.0.7"), client("10.0.0.8"));
    }

    #[tokio::test]
    async fn a_class_behind_one_address_joins_at_once_and_guessing_codes_ends_soon() {
        let (clock, hand) = Clock::manual(1_000_000);
        let limits = Limits::new(&clock);
        let school = client("10.0.0.7");
        for _ in 0..40 {
            assert!(limits.join(school, right()).await.is_ok());
        }
        let mut guesses = 0;
        let refused = loop {
            let unknown = wrong(ApiError::not_found("no quiz has the code"));
            match limits.join(school, unknown).await {
                Err(WebError(ApiError::NotFound { .. })) => guesses += 1,
                Err(WebError(refused)) => break refused,
                Ok(()) => panic!("it was wrong"),
            }
        };
        assert_eq!(guesses, 18, "of 360 that were left");
        assert_eq!(refused, ApiError::too_many("tries to join from here", 1));
        assert!(limits.join(client("10.0.0.8"), right()).await.is_ok(), "others are not held up");
        hand.fetch_add(JOINS.refill_ms, Ordering::Relaxed);
        assert!(limits.join(school, right()).await.is_ok());
    }

    #[tokio::test]
    async fn only_wrong_passwords_count() {
        let (clock, hand) = Clock::manual(1_000_000);
        let limits = Limits::new(&clock);
        let (school, wrong_password) = (client("10.0.0.7"), ApiError::SignedOut { message: "not right".to_owned() });
        for _ in 0..=SIGN_INS.at_once {
            assert!(limits.sign_in(school, right()).await.is_ok());
        }
        for _ in 0..SIGN_INS.at_once {
            let WebError(error) = limits.sign_in(school, wrong(wrong_password.clone())).await.expect_err("wrong");
            assert_eq!(error, wrong_password);
        }
        let WebError(refused) = limits.sign_in(school, right()).await.expect_err("too many");
        assert_eq!(refused, ApiError::too_many("tries to sign in", 1));
        hand.fetch_add(SIGN_INS.refill_ms, Ordering::Relaxed);
        assert!(limits.sign_in(school, right()).await.is_ok());
    }
}
