//! How often one address may try what costs the service much, or what could be guessed. It stands before the throttle of
//! each account, which is in the database.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};

use super::{Service, answer};
use crate::config::Limits;

/// How often what is known of addresses that have not asked for a while is forgotten.
pub(super) const SWEEP: Duration = Duration::from_mins(1);

type PerAddress =
    RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// Looking at a password.
    Login,
    /// Making an organization.
    Create,
    /// Setting a password with a one-time code.
    Redeem,
}

impl Limited {
    fn word(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Create => "create",
            Self::Redeem => "redeem",
        }
    }
}

/// The limits of all addresses.
pub(super) struct AddressLimits {
    login: Option<Limit>,
    create: Option<Limit>,
    redeem: Option<Limit>,
}

/// So many requests a minute, all of which may come at once.
struct Limit {
    a_minute: NonZeroU32,
    addresses: PerAddress,
}

impl Limit {
    fn new(a_minute: u32) -> Option<Self> {
        let a_minute = NonZeroU32::new(a_minute)?;
        let addresses = RateLimiter::hashmap(Quota::per_minute(a_minute));
        Some(Self { a_minute, addresses: addresses.with_middleware() })
    }
}

impl AddressLimits {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            login: Limit::new(limits.login),
            create: Limit::new(limits.create),
            redeem: Limit::new(limits.redeem),
        }
    }

    fn all(&self) -> [Option<&Limit>; 3] {
        [self.login.as_ref(), self.create.as_ref(), self.redeem.as_ref()]
    }

    /// Counts a request. Gives what its answer says about the limit; or the answer, where it was one too many.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub(super) fn count(
        &self,
        what: Limited,
        address: Option<IpAddr>,
    ) -> Result<HeaderMap, Box<Response>> {
        let limit = match what {
            Limited::Login => &self.login,
            Limited::Create => &self.create,
            Limited::Redeem => &self.redeem,
        };
        let (Some(limit), Some(address)) = (limit, address) else { return Ok(HeaderMap::new()) };
        let name = what.word();
        match limit.addresses.check_key(&network(address)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(headers(name, limit.a_minute, remaining, None))
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let detail = format!("too many requests: try again in {seconds} s");
                let mut refused = answer::refused(StatusCode::TOO_MANY_REQUESTS, &detail);
                refused.headers_mut().extend(headers(name, limit.a_minute, 0, Some(seconds)));
                Err(Box::new(refused))
            }
        }
    }

    /// Forgets the addresses that have all of their requests again.
    pub(super) fn sweep(&self) {
        for limit in self.all().into_iter().flatten() {
            limit.addresses.retain_recent();
            limit.addresses.shrink_to_fit();
        }
    }
}

/// Counts a request to a call that is limited, before anything is done for it.
pub(super) async fn counted(
    State((service, what)): State<(Arc<Service>, Limited)>,
    request: Request,
    next: Next,
) -> Response {
    let address = service.address(request.headers(), request.extensions());
    match service.limits.count(what, address) {
        Ok(left) => {
            let mut response = next.run(request).await;
            response.headers_mut().extend(left);
            response
        }
        Err(refused) => *refused,
    }
}

/// What a limit is kept for: an IPv4 address, or an IPv6 network, since a client has all addresses of one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// The policy and what is left of it (draft-ietf-httpapi-ratelimit-headers).
fn headers(name: &str, a_minute: NonZeroU32, left: u32, wait: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    set(HeaderName::from_static("ratelimit-policy"), format!("\"{name}\";q={a_minute};w=60"));
    let after = wait.map(|seconds| format!(";t={seconds}")).unwrap_or_default();
    set(HeaderName::from_static("ratelimit"), format!("\"{name}\";r={left}{after}"));
    if let Some(seconds) = wait {
        set(header::RETRY_AFTER, seconds.to_string());
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_limit_and_a_network_has_one() {
        let limits = AddressLimits::new(Limits { login: 2, create: 0, redeem: 1 });
        let ask = |what, address: &str| {
            let address = Some(address.parse().unwrap());
            match limits.count(what, address) {
                Ok(headers) => {
                    headers.get("ratelimit").map(|left| left.to_str().unwrap().to_owned())
                }
                Err(refused) => Some(refused.status().as_u16().to_string()),
            }
        };
        let left = |text: &str| Some(text.to_owned());
        assert_eq!(ask(Limited::Login, "192.0.2.1"), left("\"login\";r=1"));
        assert_eq!(ask(Limited::Login, "192.0.2.1"), left("\"login\";r=0"));
        assert_eq!(ask(Limited::Login, "192.0.2.1"), left("429"));
        assert_eq!(ask(Limited::Login, "192.0.2.2"), left("\"login\";r=1"));
        assert_eq!(ask(Limited::Redeem, "192.0.2.1"), left("\"redeem\";r=0"));
        for _ in 0..100 {
            assert_eq!(ask(Limited::Create, "192.0.2.1"), None, "0 is no limit");
        }
        assert_eq!(ask(Limited::Redeem, "2001:db8::1"), left("\"redeem\";r=0"));
        assert_eq!(ask(Limited::Redeem, "2001:db8::2"), left("429"));
        assert_eq!(ask(Limited::Redeem, "2001:db8:0:1::1"), left("\"redeem\";r=0"));
    }

    #[test]
    fn one_that_is_refused_is_told_when_to_come_again() {
        let limits = AddressLimits::new(Limits { login: 1, create: 1, redeem: 1 });
        let address = Some(IpAddr::V4([192, 0, 2, 1].into()));
        assert!(limits.count(Limited::Login, address).is_ok());
        let refused = limits.count(Limited::Login, address).unwrap_err();
        let header = |name: &str| refused.headers()[name].to_str().unwrap();
        assert_eq!(header("retry-after"), "60");
        assert_eq!(header("ratelimit-policy"), "\"login\";q=1;w=60");
        assert_eq!(header("ratelimit"), "\"login\";r=0;t=60");
    }

    #[test]
    fn addresses_that_have_all_again_are_forgotten() {
        // Thousands a minute: one is back at once.
        let limits = AddressLimits::new(Limits { login: 6_000_000, create: 1, redeem: 1 });
        for last in 0..=255 {
            let _ = limits.count(Limited::Login, Some([192, 0, 2, last].into()));
        }
        let known = || limits.login.as_ref().map(|limit| limit.addresses.len());
        assert!(known() > Some(0));
        let began = std::time::Instant::now();
        while known() != Some(0) {
            limits.sweep();
            assert!(began.elapsed() < Duration::from_secs(10), "they are kept");
        }
    }
}
