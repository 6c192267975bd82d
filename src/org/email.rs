//! An admin's e-mail address.

use std::fmt;

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;

use super::{Invalid, name::KEY_MOST, text};

/// An address an admin can be given: `local@domain.tld` (RFC 5322 without comments, display names and
/// address literals), at most 254 bytes (RFC 5321), no hidden characters. Kept as typed, compared by
/// [`email_key`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Trims and checks.
    ///
    /// # Errors
    /// [`Invalid::EmailEmpty`], [`Invalid::EmailTooLong`] or [`Invalid::EmailMalformed`].
    pub fn parse(input: &str) -> Result<Self, Invalid> {
        let email = input.trim_matches(' ');
        if email.is_empty() {
            return Err(Invalid::EmailEmpty);
        }
        if email.len() > 254 {
            return Err(Invalid::EmailTooLong);
        }
        let options =
            Options::default().with_required_tld().without_display_text().without_domain_literal();
        let spaced = email.chars().any(|c| c.is_whitespace() || text::is_hidden(c));
        match EmailAddress::parse_with_options(email, options) {
            Ok(_) if !spaced => Ok(Self(email.to_owned())),
            _ => Err(Invalid::EmailMalformed),
        }
    }

    /// The address as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// What addresses are compared by: trimmed, lower case, NFC (an accent typed as a character of its own
/// makes no other address); for any stored string, valid or not, as [`super::name_key`].
#[must_use]
pub fn email_key(email: &str) -> String {
    let beginning: String = email.trim_matches(' ').chars().take(KEY_MOST).collect();
    beginning.to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_pass_and_keep_their_case() {
        for email in ["ada@acme.com", "Ada.Lovelace+x@mail.acme.co.uk", "bob@xn--bcher-kva.example"]
        {
            assert_eq!(Email::parse(email).map(|e| e.0), Ok(email.to_owned()));
        }
        assert_eq!(Email::parse(" ada@acme.com ").unwrap().local_part(), "ada");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(Email::parse("  "), Err(Invalid::EmailEmpty));
        for email in [
            "ada",
            "ada@",
            "@acme.com",
            "ada@acme",
            "ada acme@x.com",
            "a@b@c.com",
            "ada@acme.com\n",
            "Ada <ada@acme.com>",
            "ada@[127.0.0.1]",
            "ada\u{202e}@acme.com",
            "\"a b\"@acme.com",
        ] {
            assert_eq!(Email::parse(email), Err(Invalid::EmailMalformed), "{email:?}");
        }
        assert_eq!(Email::parse(&format!("{}@a.com", "x".repeat(260))), Err(Invalid::EmailTooLong));
    }

    #[test]
    fn case_does_not_tell_addresses_apart() {
        assert_eq!(email_key("Ada@ACME.com"), email_key("ada@acme.com"));
    }

    #[test]
    fn nor_does_how_an_accent_is_encoded() {
        assert_eq!(email_key("JOSE\u{301}@acme.com"), email_key("jos\u{e9}@acme.com"));
    }
}
