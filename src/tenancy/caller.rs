//! Who calls, and how far they may go. Goes with each call: one process serves many callers.

use std::fmt;

use bson::oid::ObjectId;
use zeroize::Zeroizing;

use crate::{org::GivenApiKey, store::Required};

/// Who calls.
#[derive(Clone, Default)]
pub struct Caller {
    /// `user@host`: who is recorded as doing it.
    pub operator: String,
    /// Whether everything that writes is refused.
    pub read_only: bool,
    token: Option<Zeroizing<String>>,
    reason: String,
    required: Required,
    /// Whether nothing but what was asked for is told.
    discreet: bool,
    /// What this call creates is to have this id.
    new_id: Option<ObjectId>,
}

impl Caller {
    /// An operator without a session, who may write.
    #[must_use]
    pub fn new(operator: impl Into<String>) -> Self {
        Self { operator: operator.into(), ..Self::default() }
    }

    /// The same caller, for whom every write is refused or not.
    #[must_use]
    pub fn with_read_only(self, read_only: bool) -> Self {
        Self { read_only, ..self }
    }

    /// The same caller with the token of a session or an operator's API key, or without one. Nothing is checked here:
    /// each operation that needs a session verifies it.
    #[must_use]
    pub fn with_session(self, token: Option<&str>) -> Self {
        Self { token: token.map(|token| Zeroizing::new(token.to_owned())), ..self }
    }

    /// The same caller, who says why they do it.
    #[must_use]
    pub fn with_reason(self, reason: &str) -> Self {
        Self { reason: reason.to_owned(), ..self }
    }

    /// The same caller, who has to log in for this even where the database does not require it.
    #[must_use]
    pub fn with_required(self, required: Required) -> Self {
        Self { required, ..self }
    }

    /// The same caller, who is not told which other names there are where one is not found: for strangers.
    #[must_use]
    pub fn discreet(self) -> Self {
        Self { discreet: true, ..self }
    }

    /// The same caller, for one call: what it creates gets this id.
    #[must_use]
    pub fn with_new_id(self, id: ObjectId) -> Self {
        Self { new_id: Some(id), ..self }
    }

    pub(super) fn new_id(&self) -> Option<ObjectId> {
        self.new_id
    }

    pub(super) fn is_discreet(&self) -> bool {
        self.discreet
    }

    /// For what the caller has to log in, whatever the database requires.
    pub(super) fn required(&self) -> Required {
        self.required
    }

    /// Why, as it was typed; empty where that was not said.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether that is an API key, right or not.
    pub(super) fn has_key(&self) -> bool {
        self.token().is_some_and(GivenApiKey::looks_like_one)
    }

    /// The token, or the API key, if there is one.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.as_str())
    }
}

/// Without the token.
impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operator, read_only, token, reason, required, discreet, new_id } = self;
        formatter
            .debug_struct("Caller")
            .field("operator", operator)
            .field("read_only", read_only)
            .field("has_session", &token.is_some())
            .field("reason", reason)
            .field("required", required)
            .field("discreet", discreet)
            .field("new_id", new_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_show_the_token() {
        let caller = Caller::new("ada@here").with_session(Some("eyJhbGciOi"));
        assert_eq!(caller.token(), Some("eyJhbGciOi"));
        let shown = format!("{caller:?}");
        assert!(shown.contains("ada@here") && shown.contains("has_session: true"), "{shown}");
        assert!(!shown.contains("eyJ"), "{shown}");
    }
}
