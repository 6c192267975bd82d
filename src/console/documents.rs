//! Documents as lines a person can read: MongoDB's relaxed extended JSON, indented, escaped.

use mongodb::bson::{Bson, Document};

use crate::org::{escaped, escaped_short};

/// The most characters of a line, and the most lines of one document.
const LINE_MOST: usize = 400;
const DOCUMENT_MOST: usize = 200;

/// The lines of some documents, an empty line between them.
#[must_use]
pub fn lines(documents: &[Document]) -> Vec<String> {
    let mut lines = Vec::new();
    for document in documents {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let json = Bson::Document(document.clone()).into_relaxed_extjson();
        let text = serde_json::to_string_pretty(&json).unwrap_or_else(|error| error.to_string());
        let mut all = text.lines();
        lines.extend(all.by_ref().take(DOCUMENT_MOST).map(|line| escaped_short(line, LINE_MOST)));
        let rest = all.count();
        if rest > 0 {
            lines.push(escaped(&format!("… {rest} more lines")).into_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{doc, oid::ObjectId};

    use super::*;

    #[test]
    fn documents_are_indented_and_apart() {
        let one = doc! { "_id": ObjectId::from_bytes([1; 12]), "paid": true, "sum": 12.5 };
        let lines = lines(&[one.clone(), one]);
        assert_eq!(lines.len(), 2 * 7 + 1);
        assert_eq!(lines[2], "    \"$oid\": \"010101010101010101010101\"");
        assert_eq!(lines[7], "");
    }

    #[test]
    fn nothing_in_a_document_reaches_the_terminal_as_it_is() {
        let evil = doc! { "\u{202e}a": "\u{9b}31m\u{1b}]0;x\u{7}\n\u{2028}" };
        for line in lines(&[evil]) {
            assert!(!line.chars().any(crate::org::is_hidden), "{line:?}");
        }
    }

    #[test]
    fn a_huge_document_is_cut() {
        let long = doc! { "text": "x".repeat(10_000_000) };
        assert!(lines(&[long]).iter().all(|line| line.chars().count() <= LINE_MOST));
        let many: Document = (0..1000).map(|n| (n.to_string(), Bson::Int32(n))).collect();
        let lines = lines(&[many]);
        assert_eq!(lines.len(), DOCUMENT_MOST + 1);
        assert_eq!(lines.last().map(String::as_str), Some("… 802 more lines"));
    }
}
