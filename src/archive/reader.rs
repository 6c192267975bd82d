//! Reading, front to back.

use std::io::Read;

use bson::{RawDocument, RawDocumentBuf};

use super::{
    ADMINS_MOST, Collection, Contents, Count, DOCUMENT_MOST, Front, Member, Place, ReadError,
    Summary,
    digests::Digests,
    input::{AHEAD, Input, Open},
    manifest,
};
use crate::document;

type Result<T> = std::result::Result<T, ReadError>;

/// An archive that is being read. Nothing of it may be relied on before [`Reader::finish`].
pub struct Reader<R: Read> {
    input: Input<R>,
    front: Front,
    announced: Contents,
    digests: Digests,
    documents: Open,
    count: Count,
}

impl<R: Read> Reader<R> {
    /// Reads what stands in front of the documents.
    ///
    /// # Errors
    /// When it is no archive of this program, or of a newer one, or not as it was written; see [`ReadError`].
    pub fn open(source: R) -> Result<Self> {
        let mut input = Input::open(source)?;
        let mut digests = Digests::default();

        let open = input.member(Member::Manifest)?;
        let manifest = whole(open, &mut input, &mut digests)?;
        let (manifest, announced) = manifest::read(&manifest)?;

        let open = input.member(Member::Organization)?;
        let organization = only(open, &mut input, &mut digests)?;

        let admins = match announced.admins {
            None => None,
            Some(announced) => {
                let open = input.member(Member::Admins)?;
                Some(several(open, announced, &mut input, &mut digests)?)
            }
        };

        let open = input.member(Member::Metadata)?;
        let metadata = whole(open, &mut input, &mut digests)?;
        let collection = Collection::read(&metadata)
            .map_err(|what| ReadError::Damaged { at: Place::Member(Member::Metadata), what })?;

        let documents = input.member(Member::Documents)?;
        if documents.size != announced.documents.bytes {
            let at = Place::Header(Member::Documents);
            let what = "it has another size than in manifest.json".to_owned();
            return Err(ReadError::Damaged { at, what });
        }
        let front = Front { manifest, organization, admins, collection };
        Ok(Self { input, front, announced, digests, documents, count: Count::default() })
    }

    /// What stands in front of the documents.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// How much the archive says is in it: for progress, and to see whether there is room for it.
    pub fn announced(&self) -> Contents {
        self.announced
    }

    /// How many documents were read so far.
    pub fn count(&self) -> Count {
        self.count
    }

    /// How many bytes of the archive were read so far.
    pub fn archive_bytes(&self) -> u64 {
        self.input.taken()
    }

    /// The next document; none behind the last one. Its length is right; its values were not looked at.
    ///
    /// # Errors
    /// When the archive is cut off or damaged here.
    pub fn next_document(&mut self) -> Result<Option<RawDocumentBuf>> {
        next(&mut self.documents, &mut self.count, &mut self.input)
    }

    /// The next document, of which every value was looked at; none behind the last one.
    ///
    /// # Errors
    /// When the archive is cut off or damaged here, or the document is none that a database could have.
    pub fn next_valid_document(&mut self) -> Result<Option<RawDocumentBuf>> {
        let at = self.count.bytes;
        let Some(document) = self.next_document()? else { return Ok(None) };
        check(&document, Member::Documents, self.count.count, at)?;
        Ok(Some(document))
    }

    /// Reads what is left and compares all of it with what was written.
    ///
    /// # Errors
    /// When it is cut off, damaged, or something follows.
    pub fn finish(mut self) -> Result<Summary> {
        while self.next_document()?.is_some() {}
        let Self { mut input, announced, mut digests, documents, count, front: _ } = self;
        let size = documents.size;
        let digest = documents.close(&mut input)?;
        let documents_sha256 = digests.add(Member::Documents, size, digest);

        let mut open = input.member(Member::Digests)?;
        let json = open.whole(&mut input)?;
        open.close(&mut input)?;
        input.end()?;
        if count != announced.documents {
            let what = format!(
                "{} documents were read; manifest.json says {}",
                count.count, announced.documents.count
            );
            return Err(ReadError::Damaged { at: Place::Member(Member::Documents), what });
        }
        digests.compare(&json, announced).map_err(|(member, what)| {
            let at = Place::Member(member.unwrap_or(Member::Digests));
            ReadError::Damaged { at, what }
        })?;
        let archive_bytes = input.taken();
        Ok(Summary { contents: announced, documents_sha256, archive_bytes })
    }
}

/// Refuses a document with a value that is none.
pub(super) fn check(document: &RawDocument, member: Member, number: u64, at: u64) -> Result<()> {
    document::check(document).map_err(|error| {
        let at = Place::Document { member, number, at };
        ReadError::Damaged { at, what: error.to_string() }
    })
}

/// Reads all of a member.
fn whole(mut open: Open, input: &mut Input<impl Read>, digests: &mut Digests) -> Result<Vec<u8>> {
    let bytes = open.whole(input)?;
    let (member, size) = (open.member, open.size);
    digests.add(member, size, open.close(input)?);
    Ok(bytes)
}

/// Reads a member of one document.
fn only(
    mut open: Open,
    input: &mut Input<impl Read>,
    digests: &mut Digests,
) -> Result<RawDocumentBuf> {
    let damaged = |member, what: &str| {
        let at = Place::Member(member);
        ReadError::Damaged { at, what: what.to_owned() }
    };
    let member = open.member;
    let document = next(&mut open, &mut Count::default(), input)?;
    let document = document.ok_or_else(|| damaged(member, "it is empty"))?;
    if open.left() > 0 {
        return Err(damaged(member, "it holds more than one document"));
    }
    let size = open.size;
    digests.add(member, size, open.close(input)?);
    Ok(document)
}

/// Reads a member of several documents.
fn several(
    mut open: Open,
    announced: Count,
    input: &mut Input<impl Read>,
    digests: &mut Digests,
) -> Result<Vec<RawDocumentBuf>> {
    let (mut count, mut documents) = (Count::default(), Vec::new());
    let (member, size) = (open.member, open.size);
    while let Some(document) = next(&mut open, &mut count, input)? {
        if documents.len() == ADMINS_MOST {
            let what = format!("it holds more than {ADMINS_MOST}");
            return Err(ReadError::Damaged { at: Place::Member(member), what });
        }
        documents.push(document);
    }
    digests.add(member, size, open.close(input)?);
    if count != announced {
        let what = format!("{} were read; manifest.json says {}", count.count, announced.count);
        return Err(ReadError::Damaged { at: Place::Member(member), what });
    }
    Ok(documents)
}

/// The next document of a member; none behind the last one.
fn next(
    open: &mut Open,
    count: &mut Count,
    input: &mut Input<impl Read>,
) -> Result<Option<RawDocumentBuf>> {
    if open.left() == 0 {
        return Ok(None);
    }
    let at = Place::Document { member: open.member, number: count.count + 1, at: open.read };
    let damaged = |what: String| ReadError::Damaged { at, what };
    if open.left() < 4 {
        return Err(damaged("the member ends in its length".to_owned()));
    }
    let mut prefix = [0; 4];
    open.exactly(input, &mut prefix)?;
    let length = i32::from_le_bytes(prefix);
    let fits = |length: &usize| (5..=DOCUMENT_MOST).contains(length);
    let Some(length) = usize::try_from(length).ok().filter(fits) else {
        return Err(damaged(format!("its length is {length}; 5 to {DOCUMENT_MOST} are possible")));
    };
    let rest = length as u64 - 4;
    if rest > open.left() {
        return Err(damaged(format!("its length is {length}, and the member ends before that")));
    }
    let mut bytes = Vec::with_capacity(length.min(AHEAD));
    bytes.extend_from_slice(&prefix);
    open.append(input, rest, &mut bytes)?;
    let document = RawDocumentBuf::from_bytes(bytes).map_err(|error| damaged(error.to_string()))?;
    count.add(length);
    Ok(Some(document))
}
