//! What MongoDB's server treats specially about a document: the questions to ask before one is sent to it.

use std::collections::HashSet;

use bson::RawDocument;

use super::element::{Element, Elements, Malformed, Value};

/// Whether two fields of the same document, however deep inside this one, have the same key.
///
/// # Errors
/// When its bytes are not a BSON document.
pub fn repeats_keys(document: &RawDocument) -> Result<bool, Malformed> {
    let mut left = vec![Elements::root(document)?];
    while let Some(elements) = left.pop() {
        let mut keys = HashSet::new();
        for element in elements {
            let Element { key, value, .. } = element?;
            if !keys.insert(key) {
                return Ok(true);
            }
            left.extend(value.inside());
        }
    }
    Ok(false)
}

/// Whether one of its own fields is an empty timestamp, which an ordinary write replaces by the current time.
///
/// # Errors
/// See [`repeats_keys`].
pub fn has_empty_timestamp(document: &RawDocument) -> Result<bool, Malformed> {
    any_field(document, |element| {
        matches!(element.value, Value::Timestamp { time: 0, increment: 0 })
    })
}

/// Whether the key of one of its own fields begins with a dollar sign, which an ordinary replacement refuses.
///
/// # Errors
/// See [`repeats_keys`].
pub fn has_dollar_key(document: &RawDocument) -> Result<bool, Malformed> {
    any_field(document, |element| element.key.starts_with(b"$"))
}

fn any_field(document: &RawDocument, is: impl Fn(&Element) -> bool) -> Result<bool, Malformed> {
    for element in Elements::root(document)? {
        if is(&element?) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse;

    #[test]
    fn repeated_keys_are_found_at_any_depth() {
        for (text, repeats) in [
            ("{ a: 1, b: { a: 1 } }", false),
            ("{ a: 1, a: 2 }", true),
            ("{ a: [ { b: [ { c: 1, c: 1 } ] } ] }", true),
            ("{ a: Code(\"x\", { y: 1, y: 2 }) }", true),
            ("{ a: [ 1, 1 ] }", false),
        ] {
            assert_eq!(repeats_keys(&parse(text).unwrap()), Ok(repeats), "{text}");
        }
    }

    #[test]
    fn only_the_documents_own_fields_are_special() {
        let inside = parse("{ a: { t: Timestamp(0, 0), $b: 1 }, c: Timestamp(0, 1) }").unwrap();
        assert_eq!(has_empty_timestamp(&inside), Ok(false));
        assert_eq!(has_dollar_key(&inside), Ok(false));
        let own = parse("{ $a: Timestamp(0, 0) }").unwrap();
        assert_eq!((has_empty_timestamp(&own), has_dollar_key(&own)), (Ok(true), Ok(true)));
    }
}
