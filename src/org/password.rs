//! Passwords: what a new one must be like, how one is hashed, and how one that was typed is checked.
//!
//! One keyboard writes an accent as part of its letter, another one as a character of its own. So a
//! password is judged and hashed in NFC, whichever was typed (NIST SP 800-63B-4, 3.1.1.2). The service
//! before this program hashed and compares the bytes as they come: what it stored is checked in each
//! form, and it takes a password with accents only as NFC from whoever had it set here.

use std::{fmt, ops::RangeInclusive};

use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use super::{Invalid, is_hidden};

/// bcrypt reads no more than this many bytes. A longer password is refused, never cut.
pub const PASSWORD_MOST_BYTES: usize = 72;

/// The bcrypt cost of every hash this program writes.
pub const BCRYPT_COST: u32 = 12;

/// The highest cost of a stored hash that is checked: each one more doubles the time, and the highest
/// that can be written takes a day. The lowest is the lowest there is.
const COSTS: RangeInclusive<u32> = 4..=16;

/// A hash at [`BCRYPT_COST`] nobody knows the password of.
const NOBODYS_HASH: &str = "$2b$12$Qm9keU5vYm9keU5vYm9keO5fDgS0rS9bnp3kYz2lO7vQvXhC1mGxK";

/// How many symbols of a generated password stand together.
const GROUP: usize = 5;

/// Something secret that somebody typed and nobody judged yet: the password of a login, or a wish for
/// a new one. Wiped from memory when dropped; prints as dots.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

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
            if contained(made.reveal(), about).is_none() {
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

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { least_characters: 15, least_score: 2 }
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
    /// One of the password variants of [`Invalid`]; none contains the password.
    pub fn judge(secret: &Secret, policy: PasswordPolicy, about: &[&str]) -> Result<Self, Invalid> {
        let secret = secret.composed();
        let text = secret.reveal();
        let characters = text.chars().count();
        if characters < policy.least_characters {
            return Err(Invalid::PasswordTooShort {
                is: characters,
                least: policy.least_characters,
            });
        }
        if text.len() > PASSWORD_MOST_BYTES {
            return Err(Invalid::PasswordTooLong(text.len()));
        }
        // Whoever types it next time would leave out what came from a pipe or a paste.
        if text.chars().any(is_hidden) {
            return Err(Invalid::PasswordInvisible);
        }
        if let Some(word) = contained(text, about) {
            return Err(Invalid::PasswordContains(word));
        }
        let score = u8::from(zxcvbn::zxcvbn(text, about).score());
        if score < policy.least_score {
            return Err(Invalid::PasswordGuessable);
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
        bcrypt::hash(self.0.reveal(), BCRYPT_COST).map(PasswordHash)
    }
}

/// A bcrypt hash as it is stored (`$2b$12$…`), by this program or by the service before it. Never
/// printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash nobody knows the password of: what a login with an unknown e-mail is checked against.
    #[must_use]
    pub fn nobodys() -> Self {
        Self(NOBODYS_HASH.to_owned())
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
        let hash = if usable { &self.0 } else { NOBODYS_HASH };
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

/// The first of these words that is in `text`, whatever its case. A word of one or two letters is in
/// almost every sentence; forbidding it protects nothing.
fn contained(text: &str, words: &[&str]) -> Option<String> {
    let folded = Zeroizing::new(super::name_key(text));
    let mut words = words.iter().map(|word| super::name_key(word));
    words.find(|word| word.chars().count() > 2 && folded.contains(word))
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Result<(), Invalid> {
        Password::judge(&Secret::from(text), PasswordPolicy::default(), &["acme_corp", "ada"])
            .map(|_| ())
    }

    fn hashed(text: &str) -> PasswordHash {
        Password::judge(&text.into(), PasswordPolicy::default(), &[]).unwrap().hash().unwrap()
    }

    /// What the service before this one made of it, at the least cost.
    fn raw(text: &str) -> PasswordHash {
        PasswordHash::stored(bcrypt::hash(text, 4).unwrap())
    }

    #[test]
    fn a_long_unlikely_password_passes() {
        assert_eq!(judge("violet-harbor-42-lantern"), Ok(()));
        assert_eq!(judge("пять-синих-якорей-там"), Ok(()));
    }

    #[test]
    fn each_weakness_has_its_own_words() {
        assert_eq!(judge("short"), Err(Invalid::PasswordTooShort { is: 5, least: 15 }));
        assert_eq!(judge(&"x9!kLm".repeat(13)), Err(Invalid::PasswordTooLong(78)));
        assert_eq!(judge("aaaaaaaaaaaaaaaaaa"), Err(Invalid::PasswordGuessable));
        assert_eq!(judge("password12345678"), Err(Invalid::PasswordGuessable));
        assert_eq!(
            judge("lantern-Acme_Corp-42-violet"),
            Err(Invalid::PasswordContains("acme_corp".to_owned()))
        );
        assert_eq!(
            judge("violet-ADA-harbor-lantern"),
            Err(Invalid::PasswordContains("ada".to_owned()))
        );
        for invisible in ['\0', '\n', '\u{feff}', '\u{200b}', '\u{ad}', '\u{3164}'] {
            let password = format!("violet-harbor{invisible}-42-lantern");
            assert_eq!(judge(&password), Err(Invalid::PasswordInvisible), "{invisible:?}");
        }
    }

    #[test]
    fn seventy_two_bytes_pass_and_seventy_three_do_not() {
        let base = "violet-harbor-42-lantern-";
        let fits = format!("{base}{}", "é".repeat(23) + "z");
        assert_eq!(fits.len(), 72);
        assert_eq!(judge(&fits), Ok(()));
        assert_eq!(judge(&(fits.clone() + "y")), Err(Invalid::PasswordTooLong(73)));
        let hash = hashed(&fits);
        assert!(hash.verify(&fits.as_str().into()));
        assert!(!hash.verify(&fits.replace('z', "y").as_str().into()));
        // As it is hashed: with accents as characters of their own it has 95.
        let typed: String = fits.nfd().collect();
        assert_eq!(judge(&typed), Ok(()));
        assert!(hashed(&typed).verify(&fits.as_str().into()));
    }

    #[test]
    fn however_an_accent_is_encoded_it_is_the_same_password() {
        let (composed, apart) =
            ("sév\u{e8}re-citron-42-lamp", "se\u{301}v\u{65}\u{300}re-citron-42-lamp");
        assert_eq!(composed.nfd().collect::<String>(), apart);
        // Kelvin's sign is neither NFC nor NFD of anything.
        let mixed = composed.replace('l', "\u{212a}");
        for (stored, typed) in [
            (hashed(apart), composed),
            (hashed(composed), apart),
            // What the service before this one hashed as it came.
            (raw(apart), composed),
            (raw(composed), apart),
            (raw(&mixed), &mixed),
        ] {
            assert!(stored.verify(&typed.into()), "{typed}");
            assert!(!stored.verify(&typed.replace('4', "5").as_str().into()), "{typed}");
        }
        assert_eq!(Secret::from("plain").forms().len(), 1);
    }

    #[test]
    fn a_stored_hash_with_a_line_end_counts_and_one_that_cannot_be_used_is_told() {
        let hash = raw("violet");
        let with_line_end = PasswordHash::stored(format!("{}\n", hash.as_str()));
        assert!(with_line_end.verify(&"violet".into()));
        assert!(with_line_end.is_usable() && PasswordHash::nobodys().is_usable());
        let costs = |cost| hash.as_str().replace("$04$", cost);
        for unusable in ["", "violet", "$2b$12$", &costs("$03$"), &costs("$17$"), &costs("$31$")] {
            assert!(!PasswordHash::stored(unusable.to_owned()).is_usable(), "{unusable}");
        }
    }

    #[test]
    fn a_made_password_is_different_each_time_and_good_enough() {
        let made = || Secret::generate(PasswordPolicy::default(), &["acme_corp", "ada"]).unwrap();
        let one = made();
        assert_ne!(one, made());
        assert_eq!(one.reveal().len(), 23);
        assert_eq!(judge(one.reveal()), Ok(()));
    }

    #[test]
    fn a_made_password_is_as_long_as_wanted_and_holds_no_word_it_must_not() {
        for least_characters in [8, 23, 24, 71, 72] {
            let policy = PasswordPolicy { least_characters, least_score: 4 };
            // One random password in a hundred holds one of these.
            let words = ["ada", "bee", "7-7", "x00", "k9z", "4-h", "qqq", "z-0", "m3m"];
            for _ in 0..1000 {
                let made = Secret::generate(policy, &words).unwrap();
                assert_eq!(contained(made.reveal(), &words), None);
            }
            Password::judge(&Secret::generate(policy, &words).unwrap(), policy, &words).unwrap();
        }
    }

    #[test]
    fn a_hash_verifies_its_own_password_only_and_names_its_cost() {
        let secret = Secret::from("violet-harbor-42-lantern");
        let hash =
            Password::judge(&secret, PasswordPolicy::default(), &[]).unwrap().hash().unwrap();
        assert!(hash.as_str().starts_with("$2b$12$"));
        assert!(hash.verify(&secret));
        assert!(!hash.verify(&Secret::from("violet-harbor-42-lanterm")));
        assert!(!PasswordHash::stored("no hash".into()).verify(&secret));
    }

    #[test]
    fn what_is_no_hash_fails_as_slowly_as_a_wrong_password() {
        let parts: bcrypt::HashParts = NOBODYS_HASH.parse().unwrap();
        assert_eq!(parts.get_cost(), BCRYPT_COST);
        let typed = Secret::from("violet-harbor-42-lantern");
        let time = |hash: PasswordHash| {
            let begun = std::time::Instant::now();
            assert!(!hash.verify(&typed));
            begun.elapsed()
        };
        let wrong = time(PasswordHash::nobodys());
        let endless = NOBODYS_HASH.replace("$12$", "$31$");
        for stored in ["", "no hash", "$2b$12$", "$2b$99$x", &endless] {
            let this = time(PasswordHash::stored(stored.to_owned()));
            assert!(this > wrong / 4 && this < wrong * 20, "{stored}: {this:?}, not {wrong:?}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let secret = Secret::from("violet-harbor-42-lantern");
        assert_eq!(format!("{secret:?}"), "Secret(••••)");
        assert!(!format!("{:?}", PasswordHash::stored("$2b$12$abc".into())).contains("abc"));
    }
}
