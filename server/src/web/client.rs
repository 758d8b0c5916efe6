//! Who sends a request, as far as that can be told without a session: the address it comes from. And how often one address
//! may try what a guess could open.
//!
//! Behind a proxy every request has the proxy's address. Only a proxy that the configuration names is believed what it says
//! of a request that it hands on.
//!
//! A whole school may come from one address, so a right code is never refused for wrong ones: these wait instead, which
//! slows a guesser down. What one account may take is limited by the room `accounts`.
//!
//! Owns the address of a request, and the limits for strangers.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use app::api::ApiError;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use super::WebError;
use crate::clock::Clock;
use crate::limit::{Allowance, Limit};
use crate::lines::Lines;

/// Wrong passwords from one address: a staff room on Monday, and one a second for somebody who guesses.
const SIGN_INS: Allowance = Allowance { at_once: 60, refill_ms: 1_000 };

/// Wrong codes from one address: a class's worth of slips of the finger, and then one in two seconds.
const WRONG_CODES: Allowance = Allowance { at_once: 30, refill_ms: 2_000 };
/// Behind them, the response to each wrong code waits for so long.
const SLOW: Duration = Duration::from_secs(1);
/// So many joins from one address are looked at at the same time, those that wait among them: a guesser has so many tries
/// a second and address, for 17 million codes.
const JOINS_AT_ONCE: usize = 20;
/// And so many more wait for that.
const MOST_JOINS: usize = 400;
/// Seconds after which to try again when there are more.
const RETRY_JOIN_S: u64 = 2;

/// Proxies whose word counts, as the configuration names them.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// These.
    #[must_use]
    pub fn new(proxies: Vec<IpNet>) -> Self {
        Self(proxies.into())
    }

    fn is_one(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Who is behind a request that came from `peer`: the last address in the chain that is no proxy of ours.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.is_one(peer) {
            return peer;
        }
        let chain = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let mut chain: Vec<&str> = chain.flat_map(|value| value.split(',')).collect();
        chain.reverse();
        let addresses = chain.into_iter().map_while(|part| part.trim().parse::<IpAddr>().ok());
        let mut last = peer;
        for address in addresses {
            last = address;
            if !self.is_one(address) {
                break;
            }
        }
        last
    }
}

const FORWARDED_FOR: &str = "x-forwarded-for";

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

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn peer_of(parts: &Parts) -> IpAddr {
    let known = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    known.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(address)| address.ip())
}

impl<S: Send + Sync> FromRequestParts<S> for Client
where
    Proxies: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::at(Proxies::from_ref(state).client(peer_of(parts), &parts.headers)))
    }
}

/// What each client has tried.
pub(super) struct Limits {
    slow: Duration,
    sign_ins: Limit<Client>,
    wrong_codes: Limit<Client>,
    joins: Lines<Client>,
}

impl Limits {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            slow: SLOW,
            sign_ins: Limit::new(SIGN_INS, clock.clone()),
            wrong_codes: Limit::new(WRONG_CODES, clock.clone()),
            joins: Lines::new(JOINS_AT_ONCE, MOST_JOINS),
        }
    }

    /// Tries to sign in. Only what was refused as wrong counts. The room `accounts` slows down who has no tries left, and
    /// answers the right password.
    pub(super) async fn sign_in<T>(
        &self,
        client: Client,
        sign_in: impl Future<Output = Result<T, WebError>>,
    ) -> Result<T, WebError> {
        let outcome = sign_in.await;
        if !matches!(outcome, Err(WebError(ApiError::SignedOut { .. } | ApiError::TooMany { .. }))) {
            return outcome;
        }
        // Whoever tries many accounts from one place is told to wait, too.
        if let Err(exhausted) = self.sign_ins.take(&client) {
            tokio::time::sleep(self.slow).await;
            return Err(ApiError::too_many("tries to sign in", exhausted.retry_after_s).into());
        }
        outcome
    }

    /// Tries to join. A right code is answered at once; a wrong one too, until there have been too many.
    pub(super) async fn join<T>(
        &self,
        client: Client,
        join: impl Future<Output = Result<T, WebError>>,
    ) -> Result<T, WebError> {
        let too_many = |seconds| ApiError::too_many("tries to join from here", seconds);
        let _turn = self.joins.enter(&client).await.ok_or_else(|| too_many(RETRY_JOIN_S))?;
        let outcome = join.await;
        if !matches!(outcome, Err(WebError(ApiError::NotFound { .. }))) {
            return outcome;
        }
        if let Err(exhausted) = self.wrong_codes.take(&client) {
            tokio::time::sleep(self.slow).await;
            return Err(too_many(exhausted.retry_after_s).into());
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use futures::FutureExt;

    use super::*;

    /// Short, and a wait all the same.
    const SLOW_HERE: Duration = Duration::from_millis(200);

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

    /// What comes without a wait.
    fn at_once<T>(outcome: impl Future<Output = T>) -> Option<T> {
        tokio::task::unconstrained(outcome).now_or_never()
    }

    fn unknown() -> ApiError {
        ApiError::not_found("no quiz has the code")
    }

    #[tokio::test]
    async fn wrong_codes_slow_a_guesser_and_keep_nobody_with_the_right_one_out() {
        let (clock, hand) = Clock::manual(1_000_000);
        let limits = Limits { slow: SLOW_HERE, ..Limits::new(&clock) };
        let school = client("10.0.0.7");
        let (mut guesses, began) = (0, std::time::Instant::now());
        let mut slow = loop {
            let mut guess = Box::pin(limits.join(school, wrong(unknown())));
            match at_once(&mut guess) {
                Some(Err(WebError(ApiError::NotFound { .. }))) => guesses += 1,
                Some(outcome) => panic!("it was wrong: {outcome:?}"),
                None => break guess,
            }
        };
        for _ in 0..40 {
            assert!(matches!(at_once(limits.join(school, right())), Some(Ok(()))), "a class does not wait");
        }
        assert!(at_once(&mut slow).is_none(), "the guesser does");
        let WebError(refused) = slow.await.expect_err("wrong");
        assert_eq!((guesses, &refused), (WRONG_CODES.at_once, &ApiError::too_many("tries to join from here", 2)));
        assert!(began.elapsed() >= SLOW_HERE, "the guesser has waited");
        hand.fetch_add(WRONG_CODES.refill_ms, Ordering::Relaxed);
        let WebError(again) = limits.join(school, wrong(unknown())).await.expect_err("wrong");
        assert_eq!(again, unknown(), "a slip of the finger hears that the code is wrong");
    }

    #[tokio::test]
    async fn a_guesser_with_many_connections_has_few_tries_a_second() {
        let (clock, _) = Clock::manual(1_000_000);
        let limits = Limits { slow: SLOW_HERE, ..Limits::new(&clock) };
        let school = client("10.0.0.7");
        let began = std::time::Instant::now();
        let tries = (0..200).map(|_| limits.join(school, wrong(unknown())));
        futures::future::join_all(tries).await;
        let seconds = (200 - WRONG_CODES.at_once as usize) / JOINS_AT_ONCE;
        assert!(began.elapsed() >= SLOW_HERE * seconds as u32, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn only_wrong_passwords_count() {
        let (clock, hand) = Clock::manual(1_000_000);
        let limits = Limits { slow: SLOW_HERE, ..Limits::new(&clock) };
        let (school, wrong_password) = (client("10.0.0.7"), ApiError::SignedOut { message: "not right".to_owned() });
        for _ in 0..=SIGN_INS.at_once {
            assert!(limits.sign_in(school, right()).await.is_ok());
        }
        for _ in 0..SIGN_INS.at_once {
            let WebError(error) = limits.sign_in(school, wrong(wrong_password.clone())).await.expect_err("wrong");
            assert_eq!(error, wrong_password);
        }
        let WebError(refused) = limits.sign_in(school, wrong(wrong_password.clone())).await.expect_err("too many");
        assert_eq!(refused, ApiError::too_many("tries to sign in", 1));
        assert!(limits.sign_in(school, right()).await.is_ok(), "the right one passes");
        let mut guesses: Vec<_> =
            (0..100).map(|_| Box::pin(limits.sign_in(school, wrong(wrong_password.clone())))).collect();
        assert!(guesses.iter_mut().all(|guess| at_once(guess).is_none()), "guesses wait");
        assert!(matches!(at_once(limits.sign_in(school, right())), Some(Ok(()))), "and nobody behind them");
        drop(guesses);
        hand.fetch_add(SIGN_INS.refill_ms, Ordering::Relaxed);
        let WebError(error) = limits.sign_in(school, wrong(wrong_password.clone())).await.expect_err("wrong");
        assert_eq!(error, wrong_password);
    }

    #[test]
    fn only_a_proxy_of_the_configuration_is_believed() {
        let headers = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().expect("a value"));
            }
            headers
        };
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let proxies = Proxies::new(vec!["10.1.0.0/16".parse().expect("a net"), "::1/128".parse().expect("a net")]);
        let said = headers(&[("x-forwarded-for", "1.2.3.4, 5.6.7.8")]);
        assert_eq!(proxies.client(address("10.2.0.1"), &said), address("10.2.0.1"), "a stranger says what it likes");
        assert_eq!(
            proxies.client(address("10.1.0.1"), &said),
            address("5.6.7.8"),
            "what the client says counts for nothing"
        );
        assert_eq!(
            proxies.client(address("::ffff:10.1.0.1"), &said),
            address("5.6.7.8"),
            "by either form of its address"
        );
        let chain = headers(&[("x-forwarded-for", "1.2.3.4, 5.6.7.8"), ("x-forwarded-for", "10.1.9.9")]);
        assert_eq!(proxies.client(address("::1"), &chain), address("5.6.7.8"), "past our own proxies");
        let nonsense = headers(&[("x-forwarded-for", "1.2.3.4, unknown")]);
        assert_eq!(proxies.client(address("::1"), &nonsense), address("::1"));
    }
}
