//! The manual: one page a topic, in Markdown, as `assets/manual` has it, and how it looks on a terminal.

mod render;
#[cfg(test)]
mod tests;
mod wrap;

pub use render::{Kind, Line, Span, lines};

/// A page of the manual.
#[derive(Debug)]
pub struct Topic {
    /// What it is asked for by; no command has this name.
    pub name: &'static str,
    /// What it answers, in a line.
    pub answers: &'static str,
    /// The page, in Markdown.
    pub text: &'static str,
}

macro_rules! topics {
    ($($name:literal: $answers:literal,)*) => {
        /// Every page, in the order of a reader who is new.
        pub const TOPICS: &[Topic] = &[$(Topic {
            name: $name,
            answers: $answers,
            text: include_str!(concat!("../../assets/manual/", $name, ".md")),
        },)*];
    };
}

topics! {
    "first-steps": "Who is an admin; create, find, change and restore",
    "console": "Panes, bulk operations, mouse, themes, screen readers",
    "keys": "Every key, and where it works",
    "search": "What a search finds, how to narrow it, its order",
    "documents": "Browse, filter and edit an organization's documents",
    "commands": "Every command and flag, passwords, confirmations",
    "scripts": "JSON, CSV, exit codes",
    "names": "Which are allowed, which are the same, collections",
    "mongodb": "Connection strings, roles and privileges",
    "older-service": "Opening, upgrading and sharing its databases",
    "http": "Serving its clients, and what differs",
    "operators": "Accounts, roles, requiring a login",
    "admins": "Owners, one-time codes, sessions, rate limiting",
    "trash": "Trash, restore, purge, undo",
    "backup": "Export an organization to an archive, and import it",
    "audit-log": "What is recorded, and how tampering shows",
    "configuration": "The file, profiles, production, keys, variables",
    "data": "Files, collections, backups",
    "failures": "Killed consoles, lost connections, what to do",
    "repair": "Every finding of the doctor, and its repair",
    "security": "Who is trusted with what, and where secrets are",
    "performance": "Budgets, and what was measured",
    "development": "The code, and how it is tested",
}

impl Topic {
    /// The page with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TOPICS.iter().find(|topic| topic.name == name)
    }

    /// The heading of the page.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// The topics with what they answer, as `tenantry help` lists them.
#[must_use]
pub fn contents() -> String {
    let widest = TOPICS.iter().map(|topic| topic.name.len()).max().unwrap_or(0);
    let lines: Vec<_> =
        TOPICS.iter().map(|topic| format!("  {:widest$}  {}", topic.name, topic.answers)).collect();
    lines.join("\n")
}
