//! Passwords: what a new one must be like, how one is hashed, and how one that was typed is checked.
//!
//! One keyboard writes an accent as part of its letter, another one as a character of its own. So a
//! password is judged and hashed in NFC, whichever was typed (NIST SP 800-63B-4, 3.1.1.2). The service
//! before this program hashed and compares the bytes as they come: what it stored is checked in each
//! form, and it takes a password with accents only as NFC from whoever had it set here.

use std::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use super::{Invalid, escaped, is_hidden};

/// bcrypt reads no more than this many bytes. A longer password is refused, never cut.
pub const PASSWORD_MOST_BYTES: usize = 72;

/// The bcrypt cost of every hash this program writes.
pub const BCRYPT_COST: u32 = 12;

/// The highest cost of a stored hash that is checked: each one more doubles the time, and the highest
/// that can be written takes a day. The lowest is the lowest there is.
const COSTS: RangeInclusive<u32> = 4..=16;

/// Salt and digest of a hash without a known password, at any cost.
const NOBODYS: &str = "Qm9keU5vYm9keU5vYm9keO5fDgS0rS9bnp3kYz2lO7vQvXhC1mGxK";

/// How many symbols of a generated password stand together.
const GROUP: usize = 5;

/// Something secret that somebody typed and nobody judged yet: the password of a login, or a wish for
/// a new one. Wiped from memory when dropped; prints as dots.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Read as a text is.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A random password that [`Password::judge`] accepts, with 100 bits or more, in groups a person
    /// can copy: `xxxxx-xxxxx-xxxxx-xxxxx`. As long as `policy` wants it, and without any of the words
    /// of `about`, which chance would put there now and then.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate(policy: PasswordPolicy, about: &[&str]) -> Result<Self, getrandom::Error> {
        let groups = (policy.least_characters + 1).div_ceil(GROUP + 1).max(4);
        loop {
            let mut made = Self::of_symbols(groups * GROUP, GROUP)?;
            made.0.truncate(PASSWORD_MOST_BYTES);
            if contained(made.reveal(), about).is_empty() {
                return Ok(made);
            }
        }
    }

    /// The same password in NFC.
    fn composed(&self) -> Self {
        Self(gathered(self.0.nfc()))
    }

    /// What the same password may have been hashed as: NFC, NFD where that differs, and what was typed
    /// where it is neither.
    fn forms(&self) -> Vec<Self> {
        let mut forms = vec![self.composed()];
        for form in [Self(gathered(self.0.nfd())), self.clone()] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    /// So many random symbols of five bits, in groups of so many.
    pub(super) fn of_symbols(symbols: usize, group: usize) -> Result<Self, getrandom::Error> {
        // Crockford's base 32: no i, l, o, u, so that nothing is misread. 32 symbols: no modulo bias.
        const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut random = Zeroizing::new(vec![0_u8; symbols]);
        getrandom::fill(random.as_mut())?;
        let mut text = Zeroizing::new(String::with_capacity(symbols * 2));
        for (at, byte) in random.iter().enumerate() {
            if at > 0 && at % group == 0 {
                text.push('-');
            }
            text.push(char::from(SYMBOLS[usize::from(byte & 31)]));
        }
        Ok(Self(text))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(••••)")
    }
}

/// What a new password must be like. The defaults are NIST SP 800-63B-4's for a single factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub least_characters: usize,
    /// The lowest zxcvbn score, 0 (guessed at once) to 4.
    pub least_score: u8,
}

/// What a person must know before they think of one, as in “a new password needs …”.
impl fmt::Display for PasswordPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.least_characters;
        write!(formatter, "at least {least} characters (at most {PASSWORD_MOST_BYTES} bytes), ")?;
        if self.least_score > 0 {
            formatter.write_str("not easy to guess, ")?;
        }
        formatter.write_str("without the organization's name or the e-mail")
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { least_characters: 15, least_score: 2 }
    }
}

/// One thing that is wrong with a password. Never contains it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too few characters.
    #[error("too short: {is} of at least {least} characters")]
    TooShort {
        /// How many it has.
        is: usize,
        /// How many it needs.
        least: usize,
    },
    /// More bytes than bcrypt reads.
    #[error("too long: {0} of at most {PASSWORD_MOST_BYTES} bytes")]
    TooLong(usize),
    /// A character nobody sees, and no keyboard types.
    #[error("has an invisible character")]
    Invisible,
    /// A context word.
    #[error("contains “{}”", escaped(.0))]
    Contains(String),
    /// zxcvbn finds it soon.
    #[error("too easy to guess")]
    Guessable,
}

impl PasswordFault {
    /// What to do about it.
    fn help(&self) -> &'static str {
        match self {
            Self::TooShort { .. } | Self::Guessable => {
                "use several unrelated words, or generate one"
            }
            Self::TooLong(_) => "shorten it",
            Self::Invisible => "type it again, or generate one",
            Self::Contains(_) => "leave out the organization's name and the e-mail",
        }
    }

    /// What to do about all of them.
    pub(super) fn help_with(faults: &[Self]) -> &'static str {
        match faults {
            [fault] => fault.help(),
            _ => "use several unrelated words, or generate one",
        }
    }

    /// All of them in one line: “too short: …; contains “acme”; too easy to guess”.
    #[must_use]
    pub fn together(faults: impl IntoIterator<Item = String>) -> String {
        let mut faults: Vec<_> = faults.into_iter().collect();
        match faults.pop() {
            Some(last) if faults.is_empty() => last,
            Some(last) => format!("{}; {last}", faults.join("; ")),
            None => String::new(),
        }
    }
}

/// How good a password is that was not accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// zxcvbn's score, 0 (guessed at once) to 4.
    pub score: u8,
    /// All that keeps it from being accepted.
    pub faults: Vec<PasswordFault>,
}

impl Strength {
    /// The highest score.
    pub const BEST: u8 = 4;

    /// How good it is, as far as guessing goes. Every password costs about the same time, however long it
    /// is: zxcvbn looks at the first hundred characters only. Its first look in a program takes longer.
    #[must_use]
    pub fn measure(secret: &Secret, policy: PasswordPolicy, about: &[&str]) -> Self {
        Self::of_composed(&secret.composed(), policy, about)
    }

    fn of_composed(secret: &Secret, policy: PasswordPolicy, about: &[&str]) -> Self {
        let text = secret.reveal();
        let mut faults = Vec::new();
        let (is, least) = (text.chars().count(), policy.least_characters);
        if is < least {
            faults.push(PasswordFault::TooShort { is, least });
        }
        if text.len() > PASSWORD_MOST_BYTES {
            faults.push(PasswordFault::TooLong(text.len()));
        }
        // Whoever types it next time would leave out what came from a pipe or a paste.
        if text.chars().any(is_hidden) {
            faults.push(PasswordFault::Invisible);
        }
        faults.extend(contained(text, about).into_iter().map(PasswordFault::Contains));
        let score = u8::from(zxcvbn::zxcvbn(text, about).score());
        // Of nothing, enough was said.
        if score < policy.least_score && is > 0 {
            faults.push(PasswordFault::Guessable);
        }
        Self { score, faults }
    }

    /// The score in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.score {
            0 => "very weak",
            1 => "weak",
            2 => "fair",
            3 => "good",
            _ => "strong",
        }
    }
}

/// A password that was found good enough for the organization and e-mail it was judged with.
#[derive(Clone, Debug)]
pub struct Password(Secret);

impl Password {
    /// Judges a wish for a password under `policy`. `about` are words it must not contain: the
    /// organization's name and the e-mail's local part (OWASP ASVS 5.0, 6.2.11).
    ///
    /// # Errors
    /// [`Invalid::Password`] with all that is wrong; it does not contain the password.
    pub fn judge(secret: &Secret, policy: PasswordPolicy, about: &[&str]) -> Result<Self, Invalid> {
        let secret = secret.composed();
        let Strength { faults, .. } = Strength::of_composed(&secret, policy, about);
        if !faults.is_empty() {
            return Err(Invalid::Password(faults));
        }
        Ok(Self(secret))
    }

    /// The bcrypt hash (cost [`BCRYPT_COST`]) that is stored. Takes about 0.2 s: never on an async
    /// thread.
    ///
    /// # Errors
    /// When the operating system gives no random bytes for the salt.
    pub fn hash(&self) -> Result<PasswordHash, bcrypt::BcryptError> {
        // Nothing is cut: what is judged has no more bytes than are read. The function that refuses to
        // cut refuses the last of them too.
        bcrypt::hash(self.0.reveal(), cost()).map(PasswordHash)
    }
}

/// [`BCRYPT_COST`], unless a test says otherwise.
fn cost() -> u32 {
    #[cfg(feature = "failpoints")]
    if let Some(cost) = crate::failpoint::hash_cost() {
        return cost;
    }
    BCRYPT_COST
}

/// A bcrypt hash as it is stored (`$2b$12$…`), by this program or by the service before it. Never
/// printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash nobody knows the password of: what a login with an unknown e-mail is checked against.
    #[must_use]
    pub fn nobodys() -> Self {
        Self(format!("$2b${:02}${NOBODYS}", cost()))
    }

    /// Wraps what was read from the database, where another program may have left a line end.
    #[must_use]
    pub fn stored(text: String) -> Self {
        match text.trim() {
            all if all.len() == text.len() => Self(text),
            hash => Self(hash.to_owned()),
        }
    }

    /// Whether any password could be right: it is a bcrypt hash, and none that takes minutes.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let parts = self.0.parse::<bcrypt::HashParts>();
        parts.is_ok_and(|parts| COSTS.contains(&parts.get_cost()))
    }

    /// The text for the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the typed password is the hashed one, in any of its forms; `false` when what is stored is
    /// no bcrypt hash. Takes as long as hashing, for each form: never on an async thread.
    ///
    /// The old service let bcrypt cut passwords after 72 bytes, so the first 72 decide here as well:
    /// with anything else its admins with longer passwords could not log in.
    ///
    /// What cannot be used is answered with `false` after the time of an ordinary hash: how fast a login
    /// fails must not tell which e-mails there are.
    #[must_use]
    pub fn verify(&self, typed: &Secret) -> bool {
        let usable = self.is_usable();
        let nobodys = Self::nobodys();
        let hash = if usable { self } else { &nobodys }.as_str();
        let right = |form: &Secret| bcrypt::verify(form.reveal(), hash).is_ok_and(|right| right);
        typed.forms().iter().any(right) && usable
    }
}

/// Characters as a text that is wiped. As long as any form of a password is, so that no part of it is
/// left behind where it had to be moved.
fn gathered(characters: impl Iterator<Item = char> + Clone) -> Zeroizing<String> {
    let bytes = characters.clone().map(char::len_utf8).sum();
    let mut text = Zeroizing::new(String::with_capacity(bytes));
    text.extend(characters);
    text
}

/// Those of these words that are in `text`, whatever its case, each once. A word of one or two letters is
/// in almost every sentence; forbidding it protects nothing.
fn contained(text: &str, words: &[&str]) -> Vec<String> {
    let folded = Zeroizing::new(super::name_key(text));
    let mut found = Vec::new();
    for word in words.iter().map(|word| super::name_key(word)) {
        if word.chars().count() > 2 && folded.contains(&word) && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(••••)")
    }
}

#[cfg(test)]
mod tests;
