//! What holds for every document and every text.

use bson::RawDocumentBuf;
use proptest::{prelude::*, sample::Index};

use super::{
    super::{canonical, one_line, parse, pretty, relaxed},
    arbitrary::{any_document, json_document},
    written,
};
use crate::org::is_hidden;

fn hidden(text: &str) -> Option<char> {
    text.chars().find(|character| *character != '\n' && is_hidden(*character))
}

fn read_back(text: &str, document: &RawDocumentBuf) -> Result<(), TestCaseError> {
    let read = parse(text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    prop_assert_eq!(read.as_bytes(), document.as_bytes(), "{}", text);
    Ok(())
}

proptest! {
    #[test]
    fn what_the_shell_syntax_says_is_read_back_byte_for_byte(document in any_document()) {
        for text in [written(&document, pretty), written(&document, one_line)] {
            prop_assert_eq!(hidden(&text), None, "{}", text);
            read_back(&text, &document)?;
        }
        prop_assert!(!written(&document, one_line).contains('\n'));
    }

    #[test]
    fn canonical_json_is_read_back_byte_for_byte(document in json_document()) {
        let text = written(&document, canonical);
        prop_assert_eq!(hidden(&text), None, "{}", text);
        read_back(&text, &document)?;
    }

    #[test]
    fn extended_json_is_json(document in any_document()) {
        for text in [written(&document, canonical), written(&document, relaxed)] {
            let read: Result<serde_json::Value, _> = serde_json::from_str(&text);
            prop_assert!(read.is_ok(), "{text}");
            prop_assert_eq!(hidden(&text), None, "{}", text);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in any::<String>(), inside in "\\PC{0,40}") {
        for text in [text, format!("{{a: {inside}"), format!("{{{inside}}}")] {
            if let Err(error) = parse(&text) {
                prop_assert_eq!(hidden(&error.message), None);
                prop_assert!(error.line >= 1 && error.column >= 1);
            }
        }
    }

    #[test]
    fn no_damage_to_a_text_is_too_odd_to_be_refused(
        document in any_document(),
        damage in prop::collection::vec((any::<Index>(), any::<Index>(), ".{0,3}"), 1..5),
    ) {
        for text in [written(&document, pretty), written(&document, canonical)] {
            let mut characters: Vec<char> = text.chars().collect();
            for (from, to, with) in &damage {
                let (one, two) = (from.index(characters.len()), to.index(characters.len()));
                let (from, to) = (one.min(two), one.max(two).min(one.min(two) + 4));
                characters.splice(from..to, with.chars());
                if characters.is_empty() {
                    break;
                }
            }
            let text: String = characters.into_iter().collect();
            if let Ok(read) = parse(&text) {
                // What is read is a document again.
                read_back(&written(&read, one_line), &read)?;
            }
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_written(
        document in any_document(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = document.into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let Ok(document) = RawDocumentBuf::from_bytes(bytes) else { return Ok(()) };
        let mut text = String::new();
        if pretty(&document, &mut text).is_ok() {
            read_back(&text, &document)?;
        }
    }
}
