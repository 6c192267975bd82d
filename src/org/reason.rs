//! Why something is done, in the words of the person who does it.

use super::Invalid;

/// The most characters of a reason: what is recorded of it stays small.
pub const REASON_MOST: usize = 200;

/// Why something is done; empty where that was not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Takes what was typed, without the spaces around it.
    ///
    /// # Errors
    /// [`Invalid::ReasonTooLong`].
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        // What shows nothing says nothing.
        let typed = if typed.chars().any(char::is_alphanumeric) { typed } else { "" };
        let long = typed.chars().count();
        if long > REASON_MOST {
            Err(Invalid::ReasonTooLong(long))
        } else {
            Ok(Self(typed.to_owned()))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether none was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_what_was_typed_up_to_its_most() {
        for nothing in [" \t ", "\u{200b}\u{202e}", "…"] {
            assert!(Reason::parse(nothing).unwrap().is_empty(), "{nothing:?}");
        }
        assert_eq!(Reason::parse("  ticket 4711 ").unwrap().as_str(), "ticket 4711");
        let most = "é".repeat(REASON_MOST);
        assert_eq!(Reason::parse(&most).unwrap().as_str(), most);
        let long = Reason::parse(&format!("{most}x")).unwrap_err();
        assert_eq!(long.to_string(), "the reason is too long: 201 of at most 200 characters");
    }
}
