//! The headers of a tar file: just what an archive of ours needs. Nothing is ever extracted by name.

/// What a tar file is made of.
pub(super) const BLOCK: usize = 512;

type Block = [u8; BLOCK];

/// The largest size that fits into a header as octal digits.
const OCTAL_MOST: u64 = 0o777_7777_7777;

/// What a member is called and how many bytes it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub name: String,
    pub size: u64,
    pub kind: Kind,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// Anything that no archive of ours has, in a word.
    Other(&'static str),
}

/// What a block is where a header is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Header(Header),
    /// The first of the two blocks behind the last member.
    End,
    /// Neither, and why.
    Neither(&'static str),
}

/// How many bytes are missing behind a member until the next block begins.
pub(super) fn padding(size: u64) -> usize {
    let over = size % BLOCK as u64;
    // Below 512.
    usize::try_from((BLOCK as u64 - over) % BLOCK as u64).unwrap_or_default()
}

/// The header of a file that only its owner may read. The time is in seconds since 1970.
pub(super) fn header(name: &str, size: u64, time: u64) -> Block {
    let mut block = [0; BLOCK];
    put(&mut block, 0, name.as_bytes());
    put(&mut block, 100, b"0000600\0");
    put(&mut block, 108, b"0000000\0");
    put(&mut block, 116, b"0000000\0");
    if size <= OCTAL_MOST {
        put(&mut block, 124, format!("{size:011o}\0").as_bytes());
    } else {
        // As GNU tar writes what is larger: a bit, and the bytes of the number.
        put(&mut block, 124, &[0x80]);
        put(&mut block, 128, &size.to_be_bytes());
    }
    put(&mut block, 136, format!("{:011o}\0", time.min(OCTAL_MOST)).as_bytes());
    put(&mut block, 156, b"0");
    put(&mut block, 257, b"ustar  \0");
    let sum = checksum(&block);
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    block
}

fn put(block: &mut Block, at: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

/// The sum of all bytes, its own field taken for spaces.
fn checksum(block: &Block) -> u32 {
    let bytes = block.iter().enumerate();
    bytes.map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

/// Reads a block.
pub(super) fn read(block: &Block) -> Found {
    if block.iter().all(|byte| *byte == 0) {
        return Found::End;
    }
    if &block[257..262] != b"ustar" {
        return Found::Neither("this is no tar header");
    }
    if octal(&block[148..156]) != Some(checksum(block).into()) {
        return Found::Neither("the header's checksum is wrong");
    }
    let Some(size) = size(&block[124..136]) else {
        return Found::Neither("the size is no number");
    };
    let kind = match block[156] {
        b'0' | 0 => Kind::File,
        b'1' => Kind::Other("hard link"),
        b'2' => Kind::Other("symbolic link"),
        b'5' => Kind::Other("folder"),
        b'x' | b'g' => Kind::Other("PAX header"),
        b'L' | b'K' => Kind::Other("long name"),
        b'S' => Kind::Other("sparse file"),
        _ => Kind::Other("special file"),
    };
    // POSIX keeps the front of a long path behind the rest; no name of ours has one.
    let [front, name] = [&block[345..500], &block[..100]].map(text);
    let name = if front.is_empty() { name } else { format!("{front}/{name}") };
    Found::Header(Header { name, size, kind })
}

/// Text up to its closing zero.
fn text(field: &[u8]) -> String {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| u64::from_str_radix(text, 8).ok())?
}

fn size(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, 0, 0, 0, number @ ..] => Some(u64::from_be_bytes(number.try_into().ok()?)),
        field => octal(field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_comes_back_however_large() {
        for size in [0, 1, 511, 512, OCTAL_MOST, OCTAL_MOST + 1, 1 << 40, u64::MAX] {
            let wanted = Header { name: "documents.bson".to_owned(), size, kind: Kind::File };
            let block = header("documents.bson", size, 1_700_000_000);
            assert_eq!(read(&block), Found::Header(wanted));
        }
    }

    #[test]
    fn nine_gigabytes_are_written_as_gnu_tar_writes_them() {
        let block = header("a", 9_000_000_000, 0);
        assert_eq!(block[124..136], [0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x18, 0x71, 0x1a, 0x00]);
        let block = header("a", 8_589_934_591, 0);
        assert_eq!(&block[124..136], b"77777777777\0");
    }

    #[test]
    fn a_member_ends_where_a_block_does() {
        let padding = [0, 1, 511, 512, 513, u64::MAX].map(padding);
        assert_eq!(padding, [0, 511, 1, 0, 511, 1]);
    }

    #[test]
    fn any_other_byte_in_a_header_is_seen() {
        let block = header("documents.bson", 1000, 1_700_000_000);
        let Found::Header(wanted) = read(&block) else { panic!("a header") };
        for at in 0..BLOCK {
            for bit in 0..8 {
                let mut damaged = block;
                damaged[at] ^= 1 << bit;
                match read(&damaged) {
                    Found::Neither(_) => {}
                    // A space for a zero around the checksum.
                    Found::Header(header) => {
                        assert_eq!((&header, (148..156).contains(&at)), (&wanted, true));
                    }
                    Found::End => panic!("no end"),
                }
            }
        }
    }
}
