//! Whether an archive is whole, without importing it.

use std::io::Read;

use super::{Front, Member, Place, ReadError, Reader, Summary, reader::check};

/// Reads an archive to its end: every size, checksum, count and digest. A deep look also reads every value of every
/// document, and whether a server could make the indexes. It does not look whether `_id`s are unique.
///
/// # Errors
/// See [`ReadError`].
pub fn verify(source: impl Read, deep: bool) -> Result<(Front, Summary), ReadError> {
    let mut reader = Reader::open(source)?;
    if deep {
        check_front(reader.front())?;
    }
    if deep {
        while reader.next_valid_document()?.is_some() {}
    }
    let front = reader.front().clone();
    Ok((front, reader.finish()?))
}

fn check_front(front: &Front) -> Result<(), ReadError> {
    check(&front.organization, Member::Organization, 1, 0)?;
    let mut begin = 0;
    for (admin, number) in front.admins.iter().flatten().zip(1..) {
        check(admin, Member::Admins, number, begin)?;
        begin += admin.as_bytes().len() as u64;
    }
    let at = Place::Member(Member::Metadata);
    front.collection.check().map_err(|what| ReadError::Damaged { at, what })
}
