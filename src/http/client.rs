//! Who sent a request: where it came from, and what it proves with.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, header, request::Parts},
};
use ipnet::IpNet;
use zeroize::Zeroizing;

use super::Service;
use crate::{
    org::Secret,
    store::Required,
    tenancy::{Caller, Error, Result, Tenancy},
};

/// The address that a request came from. What `X-Forwarded-For` says counts only as far as trusted proxies wrote it:
/// the last address that is not one of theirs.
fn address(headers: &HeaderMap, extensions: &Extensions, proxies: &[IpNet]) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return Some(peer);
    }
    let mut nearest = peer;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let texts = lines.filter_map(|line| line.to_str().ok());
    for text in texts.flat_map(|line| line.rsplit(',')) {
        // What cannot be read was not written by a proxy.
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted(&nearest) {
            break;
        }
    }
    Some(nearest)
}

/// The token or key of a request: what follows `Bearer`. None without one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<Zeroizing<String>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    is_bearer.then(|| Zeroizing::new(token.to_owned()))
}

impl Service {
    /// The address that a request came from.
    pub(super) fn address(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        address(headers, extensions, &self.settings.proxies)
    }

    /// The operations on behalf of the client: with its session or API key, or anonymously. A session that has ended is
    /// ignored where no login is required, and refused otherwise.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for a session or a key that is not valid, or the database's.
    pub(super) async fn tenancy_of(&self, parts: &Parts, required: Required) -> Result<Tenancy> {
        let Some(token) = bearer(&parts.headers) else {
            return Ok(self.anonymous(parts, required));
        };
        let tenancy = self.anonymous(parts, required).in_session(Some(&token));
        match tenancy.ensure_session().await {
            Ok(()) => Ok(tenancy),
            Err(Error::NotAllowed(_)) if required == Required::Nothing => {
                Ok(self.anonymous(parts, required))
            }
            Err(error) => Err(error),
        }
    }

    /// The operations, as a client without a login.
    pub(super) fn anonymous(&self, parts: &Parts, required: Required) -> Tenancy {
        let address = self.address(&parts.headers, &parts.extensions);
        let from = address.map_or_else(|| "http".to_owned(), |address| format!("http@{address}"));
        // An open call is the service's own where its clients have no login.
        let token = self.key.as_ref().filter(|_| required == Required::Nothing).map(Secret::reveal);
        let caller = Caller::new(from).with_read_only(self.read_only).with_session(token);
        self.tenancy.called_by(caller.with_required(required).discreet())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn came(from: &str, forwarded: &[&str]) -> String {
        let mut request = Request::builder();
        for line in forwarded {
            request = request.header("x-forwarded-for", *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer: SocketAddr = from.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        let proxies = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        address(&parts.headers, &parts.extensions, &proxies).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(came("192.0.2.1:1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(came("10.1.2.3:1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(came("10.1.2.3:1", &["1.1.1.1, 198.51.100.7, 10.9.9.9"]), "198.51.100.7");
        assert_eq!(came("10.1.2.3:1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(came("10.1.2.3:1", &["198.51.100.7, nonsense"]), "10.1.2.3");
        assert_eq!(came("10.1.2.3:1", &[]), "10.1.2.3");
        assert_eq!(came("[::1]:1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(came("[::ffff:10.0.0.1]:1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_token_follows_bearer() {
        let token = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(|token| token.to_string())
        };
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer abc").as_deref(), Some("abc"));
        for none in ["Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(token(none), None, "{none}");
        }
    }
}
