//! One-time codes, for people and for programs.

use serde::{Serialize, Serializer};

use super::table::{UNKNOWN_WIDTH, pairs};
use crate::{
    org::{Org, StoredText, fit, rfc3339, timestamp},
    tenancy::{self, IssuedCode},
};

/// What came of a mail.
pub(super) enum Mailed {
    /// None was wanted.
    NotWanted,
    /// A mail server took it.
    Yes,
    /// It was not sent.
    No(tenancy::Error),
    /// It was not waited for to the end.
    Unknown,
}

impl Mailed {
    pub(super) fn is_not_wanted(&self) -> bool {
        matches!(self, Self::NotWanted)
    }
}

/// Whether it was sent; null where that is not known.
impl Serialize for Mailed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Yes => to.serialize_bool(true),
            Self::No(_) => to.serialize_bool(false),
            Self::NotWanted | Self::Unknown => to.serialize_none(),
        }
    }
}

/// The one answer beside a token that is a secret: nobody can ask for it again.
#[derive(Serialize)]
pub(super) struct CodeFields<'a> {
    admin_email: &'a StoredText,
    organization_name: &'a StoredText,
    code: &'a str,
    valid_until: Option<String>,
    /// Only where it was to be mailed; null where that is not known.
    #[serde(skip_serializing_if = "Mailed::is_not_wanted")]
    sent: &'a Mailed,
}

impl<'a> CodeFields<'a> {
    pub(super) fn new(org: &'a Org, issued: &'a IssuedCode, mailed: &'a Mailed) -> Self {
        Self {
            admin_email: &issued.email,
            organization_name: &org.name,
            code: issued.code.reveal(),
            valid_until: rfc3339(issued.until),
            sent: mailed,
        }
    }
}

pub(super) fn table(org: &Org, issued: &IssuedCode, mailed: &Mailed) -> String {
    let IssuedCode { email, code, until } = issued;
    let mut text = pairs(
        &[
            ("organization", fit(&org.name.to_string(), UNKNOWN_WIDTH / 2).into_owned()),
            ("admin", email.to_string()),
            ("code", code.reveal().to_owned()),
            ("valid until", timestamp(*until)),
        ],
        None,
    );
    text.push_str(match mailed {
        Mailed::NotWanted | Mailed::No(_) => "",
        Mailed::Yes => "  → it was mailed to that address\n",
        Mailed::Unknown => "  → it may have been mailed to that address\n",
    });
    text.push_str("  → it is not shown again; set a password with `tenantry admin redeem`\n");
    text
}
