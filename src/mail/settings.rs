//! How mail is sent: what `[mail]` of the configuration says.

use std::{fmt, net::IpAddr, path::PathBuf};

use lettre::message::Mailbox;
use serde::Deserialize;

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The mail server.
    pub server: MailServer,
    /// How the connection to it is encrypted.
    pub tls: MailTls,
    /// Who it is from.
    pub from: Sender,
    /// The user to log in as, and the file with the password; none where the server wants no login.
    pub login: Option<(String, PathBuf)>,
    /// Where a code is redeemed in a browser.
    pub redeem_url: Option<RedeemUrl>,
}

/// How a connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From its beginning, as on port 465.
    Implicit,
    /// After STARTTLS, as on port 587; without that, nothing is sent.
    #[default]
    Starttls,
    /// Not at all: only on this machine.
    None,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MailServer {
    /// A name or an address; one of version 6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl MailServer {
    /// Whether it is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        is_here(&self.host)
    }
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl TryFrom<String> for MailServer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let split = text.rsplit_once(':');
        let server = split.and_then(|(host, port)| {
            let port = port.parse().ok().filter(|port| *port > 0)?;
            let version_6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let host = match version_6 {
                Some(host) if host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()) => host,
                Some(_) => return None,
                None => host,
            };
            let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            let is_host = version_6.is_some() || !host.is_empty() && host.chars().all(fits);
            is_host.then(|| Self { host: host.to_owned(), port })
        });
        server.ok_or("write a host and a port: mail.example:587")
    }
}

/// Who mail is from: an address, with a name before it or without one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sender(pub(super) Mailbox);

impl Sender {
    /// What is behind the @.
    pub(super) fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl TryFrom<String> for Sender {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let invalid = "write an address: Tenantry <tenantry@example.com>";
        text.parse().map(Self).map_err(|_| invalid)
    }
}

/// The public address of the page on which a code is redeemed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RedeemUrl(String);

impl RedeemUrl {
    /// The page, with this e-mail filled in.
    #[must_use]
    pub fn filled_in(&self, email: &str) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("email", email).finish();
        format!("{}?{query}", self.0)
    }
}

impl TryFrom<String> for RedeemUrl {
    type Error = &'static str;

    /// A code and a password are typed there: nothing but TLS, except on this machine.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = text.chars().all(|c| c.is_ascii_graphic() && !"?#<>\"".contains(c));
        let host = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
        let safe = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => !host(rest).is_empty(),
            (None, Some(rest)) => {
                let host = host(rest);
                let name = host.rsplit_once(':').map_or(&host[..], |(name, _)| name);
                is_here(name.trim_matches(['[', ']']))
            }
            (None, None) => false,
        };
        let invalid = "write the address of the page: https://tenantry.example/redeem";
        if plain && safe { Ok(Self(text)) } else { Err(invalid) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let server = |text: &str| MailServer::try_from(text.to_owned()).ok();
        for (text, host, here) in [
            ("mail.example:587", "mail.example", false),
            ("localhost:25", "localhost", true),
            ("127.0.0.1:25", "127.0.0.1", true),
            ("[::1]:25", "::1", true),
            ("[2001:db8::1]:465", "2001:db8::1", false),
        ] {
            let server = server(text).unwrap();
            assert_eq!(
                (&server.host[..], server.is_here(), server.to_string()),
                (host, here, text.to_owned())
            );
        }
        for text in [
            "mail.example",
            "mail.example:0",
            ":25",
            "::1:25",
            "[x]:25",
            "a b:25",
            "a:b",
            "a\r\n:25",
        ] {
            assert_eq!(server(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_code_is_only_redeemed_over_tls_or_on_this_machine() {
        let url = |text: &str| RedeemUrl::try_from(text.to_owned());
        for text in [
            "https://tenantry.example/redeem",
            "http://127.0.0.1:8000/redeem",
            "http://[::1]:8000/redeem",
        ] {
            let filled = url(text).unwrap().filled_in("ada+x@acme.com");
            assert_eq!(filled, format!("{text}?email=ada%2Bx%40acme.com"));
        }
        for text in [
            "http://tenantry.example/redeem",
            "https:///redeem",
            "javascript:x",
            "https://a\n",
            "https://a/?x=1",
        ] {
            assert!(url(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_sender_is_one_address() {
        let sender = |text: &str| Sender::try_from(text.to_owned()).is_ok();
        assert!(sender("Tenantry <tenantry@example.com>") && sender("tenantry@example.com"));
        for text in ["", "tenantry", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"]
        {
            assert!(!sender(text), "{text:?}");
        }
    }
}
