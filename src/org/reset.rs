//! One-time codes: how an admin without a password comes to have one that nobody else has chosen
//! (OWASP ASVS 5.0, 6.4.6).

use bson::DateTime;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Secret;

/// How long a code can be used, in milliseconds.
const VALID: i64 = 60 * 60 * 1000;

/// Symbols of five bits each: 130 bits.
const SYMBOLS: usize = 26;

/// What is stored of a code that was handed out: enough to know it again, not enough to use it. Its
/// 128 bits cannot be guessed, so that a fast hash is as good as a slow one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetCode {
    /// SHA-256 of the code, in hex.
    pub hash: String,
    /// From when on it counts no longer.
    pub until: DateTime,
}

impl ResetCode {
    /// A new code, and what is stored of it.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn issue(now: DateTime) -> Result<(Secret, Self), getrandom::Error> {
        let code = Secret::of_symbols(SYMBOLS, 6)?;
        let until = DateTime::from_millis(now.timestamp_millis().saturating_add(VALID));
        let hash = Self::hash(&code);
        Ok((code, Self { hash, until }))
    }

    /// Whether what was typed is the code, and in time. Case, dashes and spaces do not matter.
    #[must_use]
    pub fn opens(&self, typed: &Secret, now: DateTime) -> bool {
        now < self.until && Self::hash(typed) == self.hash
    }

    /// SHA-256 of a code in hex. Case, dashes and spaces do not matter.
    #[must_use]
    pub fn hash(code: &Secret) -> String {
        let plain: Zeroizing<String> = Zeroizing::new(
            code.reveal()
                .chars()
                .filter(|c| !c.is_whitespace() && *c != '-')
                .map(|c| c.to_ascii_lowercase())
                .collect(),
        );
        hex::encode(Sha256::digest(plain.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_once_typed_in_any_shape_and_in_time_only() {
        let now = DateTime::from_millis(1_700_000_000_000);
        let (code, stored) = ResetCode::issue(now).unwrap();
        let plain = code.reveal().replace('-', "");
        assert_eq!(plain.len(), 26);
        assert!(!format!("{stored:?}").contains(&plain));
        let spaced = format!(" {} ", plain.to_uppercase());
        for typed in [code.reveal(), &plain, &spaced] {
            assert!(stored.opens(&typed.into(), now));
        }
        let later = DateTime::from_millis(now.timestamp_millis() + VALID);
        assert!(!stored.opens(&code, later));
        assert!(!stored.opens(&plain[1..].into(), now));
        assert!(!stored.opens(&"".into(), now));
        assert_ne!(ResetCode::issue(now).unwrap().1.hash, stored.hash);
    }
}
