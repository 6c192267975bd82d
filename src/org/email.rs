//! An admin's e-mail address.

use std::{collections::HashSet, fmt};

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;

use super::{Invalid, name::KEY_MOST, text};

/// An address an admin can be given: `local@domain.tld` (RFC 5322 without comments, display names and
/// address literals), at most 254 bytes (RFC 5321), no hidden characters. Kept as typed but for what has
/// several spellings ([`email_forms`]), compared by [`email_key`].
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
        let email = canonical(email).ok_or(Invalid::EmailMalformed)?;
        if email.len() > 254 {
            return Err(Invalid::EmailTooLong);
        }
        let options =
            Options::default().with_required_tld().without_display_text().without_domain_literal();
        let spaced = email.chars().any(|c| c.is_whitespace() || text::is_hidden(c));
        match EmailAddress::parse_with_options(&email, options) {
            Ok(_) if !spaced => Ok(Self(email)),
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

/// An address with letters of full width as ordinary ones (NFKC), and an international domain in its own
/// letters instead of `xn--`, as the older service stores it. None if the domain breaks the rules for
/// these (UTS #46).
fn canonical(email: &str) -> Option<String> {
    if email.is_ascii() && !has_encoded_domain(email) {
        return Some(email.to_owned());
    }
    let email: String = email.nfkc().collect();
    let Some((local, domain)) = email.rsplit_once('@') else { return Some(email) };
    if domain.is_ascii() && !has_encoded_domain(&email) {
        return Some(email);
    }
    let (domain, valid) = idna::domain_to_unicode(domain);
    valid.is_ok().then(|| format!("{local}@{domain}"))
}

fn has_encoded_domain(email: &str) -> bool {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    domain.split('.').any(|label| label.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("xn--")))
}

/// How an address that is typed would be stored; what is no address stays as it is.
#[must_use]
pub fn email_as_stored(typed: &str) -> String {
    let typed = typed.trim_matches(' ');
    canonical(typed).unwrap_or_else(|| typed.to_owned())
}

/// The spellings under which an address may be stored, the one that is stored today first: most have only
/// that one. Earlier versions stored an international domain, and letters of full width, as they were typed.
#[must_use]
pub fn email_forms(typed: &str) -> Vec<String> {
    let typed = typed.trim_matches(' ');
    let mut forms: Vec<String> = canonical(typed).into_iter().collect();
    if let Some((local, domain)) = forms.first().and_then(|first| first.rsplit_once('@'))
        && let Ok(encoded) = idna::domain_to_ascii(domain)
        && !domain.is_ascii()
    {
        forms.push(format!("{local}@{encoded}"));
    }
    forms.push(typed.to_owned());
    let mut seen = HashSet::new();
    forms.retain(|form| seen.insert(email_key(form)));
    forms
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
        for email in ["ada@acme.com", "Ada.Lovelace+x@mail.acme.co.uk", "bob@b\u{fc}cher.example"] {
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
    fn an_address_with_several_spellings_is_one_address() {
        let domains =
            ["bob@xn--bcher-kva.example", "bob@b\u{fc}cher.example", "bob@BU\u{308}CHER.example"];
        for email in domains.into_iter().chain(["ｂｏｂ＠bücher.example", "bob@ｂücher。example"])
        {
            assert_eq!(
                Email::parse(email).map(|e| e.0),
                Ok("bob@bücher.example".to_owned()),
                "{email}"
            );
            // Whichever of them an earlier version stored is found by whichever is typed.
            let forms = email_forms(email);
            assert_eq!(forms[0], "bob@bücher.example");
            assert!(forms.contains(&"bob@xn--bcher-kva.example".to_owned()), "{forms:?}");
            assert!(forms.iter().any(|form| email_key(form) == email_key(email)), "{forms:?}");
        }
        assert_eq!(email_forms(" Ada@Acme.com "), ["Ada@Acme.com"]);
        assert_eq!(email_forms("no address"), ["no address"]);
        for email in ["a@xn--a.example", "a@xn--.example", "a@\u{302e}b.example"] {
            assert_eq!(Email::parse(email), Err(Invalid::EmailMalformed), "{email}");
            assert_eq!(email_forms(email).last().map(String::as_str), Some(email));
        }
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
