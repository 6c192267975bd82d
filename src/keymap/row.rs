//! What the table of commands says of each: a row, and the section of the help it stands in.

use super::{command::Command, key::Key, place::Place};

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// What it is called in the configuration and the palette.
    pub name: &'static str,
    /// What it is.
    pub command: Command,
    /// Its keys when nobody chose others; the first is the one the footer shows.
    pub keys: &'static [Key],
    /// Where it works.
    pub places: &'static [Place],
    /// The word in the footer; none for what everybody knows or seldom needs.
    pub hint: Option<&'static str>,
    /// What it does, in the help.
    pub does: &'static str,
    /// Where the help lists it.
    pub group: Group,
}

/// The sections of the help, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// What is filled in, confirmed or copied.
    Fields,
    /// What is done to an admin.
    Admin,
    /// What is done to an organization.
    Organization,
    /// What is done to a document.
    Document,
    /// What shows, and how.
    View,
    /// Moving.
    Navigate,
    /// The program itself.
    Program,
    /// What operators may do: no commands.
    Roles,
}

impl Group {
    /// Its heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Fields => "Fields",
            Self::Admin => "Admin",
            Self::Organization => "Organization",
            Self::Document => "Document",
            Self::View => "View",
            Self::Navigate => "Navigate",
            Self::Program => "Program",
            Self::Roles => "Roles of operators (each may also do what those above may)",
        }
    }
}
