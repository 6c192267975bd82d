//! Documents that are read to their leaves.

use bson::{RawDocumentBuf, spec::ElementType};
use proptest::{prelude::*, sample::Index};

use super::{
    super::{DEPTH_MOST, Malformed, check, one_line},
    arbitrary::{Any, any_document, document, one},
};

fn nested(levels: usize) -> RawDocumentBuf {
    let inside = |inside, _| Any::Document(vec![(b"a".to_vec(), inside)]);
    let inside = (2..levels).fold(Any::Document(vec![]), inside);
    RawDocumentBuf::from_bytes(document(&[(b"a".to_vec(), inside)])).unwrap()
}

#[test]
fn as_many_levels_as_a_server_stores() {
    assert_eq!(check(&nested(DEPTH_MOST)), Ok(()));
    let error = check(&nested(DEPTH_MOST + 1)).unwrap_err();
    assert_eq!(error, Malformed { at: 180 * 7, what: "more levels than a server stores" });
}

#[test]
fn a_leaf_that_ends_too_early() {
    let error = check(&one(ElementType::Int64, &[1, 2, 3])).unwrap_err();
    assert_eq!(error.to_string(), "not a BSON document: more announced than there is at byte 7");
}

proptest! {
    #[test]
    fn whatever_can_be_written_is_one(
        document in any_document(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = document.into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let Ok(document) = RawDocumentBuf::from_bytes(bytes) else { return Ok(()) };
        let written = one_line(&document, &mut String::new());
        prop_assert_eq!(check(&document).is_ok(), written.is_ok());
    }
}
