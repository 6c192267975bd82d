//! The second factor of an account: codes of an authenticator app (TOTP, RFC 6238), each accepted once, and recovery
//! codes for when the app is lost.

use std::fmt::Write as _;

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use fast_qr::{ECL, QRBuilder};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use super::{ResetCode, Secret};

/// How long a code of the app is shown, in seconds.
const STEP: u64 = 30;

/// As many digits as each app shows.
const DIGITS: u8 = 6;

/// The bytes of a shared secret: 160 bits, as RFC 4226 advises.
const SECRET_BYTES: usize = 20;

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

/// Symbols of five bits each in a recovery code: 80 bits, so that a fast hash is enough.
const RECOVERY_SYMBOLS: usize = 16;

/// Light modules around a QR code.
const MARGIN: usize = 2;

/// What is before the ciphertext.
const NONCE_BYTES: usize = 24;

/// The issuer that an authenticator app shows.
const ISSUER: &str = "Tenantry";

/// Encrypts the secrets of second factors: made from `SECRET_KEY`, and from nothing that is stored.
pub struct FactorKey(Zeroizing<[u8; 32]>);

impl FactorKey {
    /// The key for this `SECRET_KEY`, which also signs sessions: one does not give away the other.
    #[must_use]
    pub fn derive(secret_key: &Secret) -> Self {
        let derived = hmac(secret_key.reveal().as_bytes(), b"tenantry second factor, version 1");
        Self(Zeroizing::new(derived))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }

    /// Nonce and ciphertext, for this account only.
    fn seal(&self, secret: &[u8], account: ObjectId) -> Result<Vec<u8>, getrandom::Error> {
        let mut sealed = vec![0; NONCE_BYTES];
        getrandom::fill(&mut sealed)?;
        let payload = Payload { msg: secret, aad: &account.bytes() };
        let nonce = XNonce::try_from(&sealed[..]).map_err(|_| getrandom::Error::UNEXPECTED)?;
        let ciphertext = self.cipher().encrypt(&nonce, payload);
        sealed.extend(ciphertext.map_err(|_| getrandom::Error::UNEXPECTED)?);
        Ok(sealed)
    }

    /// What was sealed; none with another key, for another account, or where it was changed.
    fn open(&self, sealed: &[u8], account: ObjectId) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES)?;
        let payload = Payload { msg: ciphertext, aad: &account.bytes() };
        let opened = self.cipher().decrypt(&XNonce::try_from(nonce).ok()?, payload);
        opened.ok().map(Zeroizing::new)
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A second factor as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondFactor {
    secret: StoredSecret,
    /// The newest step of 30 seconds since 1970 a code of which was accepted.
    last_step: i64,
    /// SHA-256 of the recovery codes that were not used yet, in hex.
    recovery: Vec<String>,
    /// When it was set up.
    pub since: DateTime,
}

/// The secret that is shared with the app.
#[derive(Clone, Debug, PartialEq)]
enum StoredSecret {
    /// As it is: there is no `SECRET_KEY`.
    Plain(Secret),
    /// Encrypted with the [`FactorKey`], in hex.
    Sealed(String),
    /// Not as any program of ours writes it.
    Unreadable,
}

/// The secret cannot be read: there is no `SECRET_KEY`, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl SecondFactor {
    /// How many recovery codes are left.
    #[must_use]
    pub fn recovery_codes(&self) -> usize {
        self.recovery.len()
    }

    /// The factor with this code used up, where it is a right one; none where it is wrong or was accepted before.
    /// Case, dashes and spaces do not matter.
    ///
    /// # Errors
    /// Where it cannot be said, since the secret is encrypted with another key.
    pub fn spend(
        &self,
        typed: &Secret,
        now: DateTime,
        account: ObjectId,
        key: Option<&FactorKey>,
    ) -> Result<Option<Self>, Unreadable> {
        let hash = ResetCode::hash(typed);
        if let Some(at) = self.recovery.iter().position(|own| *own == hash) {
            let mut spent = self.clone();
            spent.recovery.remove(at);
            return Ok(Some(spent));
        }
        let Some(code) = digits(typed) else { return Ok(None) };
        let bytes = match &self.secret {
            StoredSecret::Plain(secret) => from_base32(secret).ok_or(Unreadable)?,
            StoredSecret::Sealed(sealed) => {
                let sealed = hex::decode(sealed).map_err(|_| Unreadable)?;
                key.and_then(|key| key.open(&sealed, account)).ok_or(Unreadable)?
            }
            StoredSecret::Unreadable => return Err(Unreadable),
        };
        let step = step_of(&bytes, &code, now).filter(|step| *step > self.last_step);
        Ok(step.map(|last_step| Self { last_step, ..self.clone() }))
    }

    /// As it is stored.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let (field, secret) = match &self.secret {
            StoredSecret::Plain(secret) => ("secret", secret.reveal()),
            StoredSecret::Sealed(sealed) => ("sealed", sealed.as_str()),
            StoredSecret::Unreadable => ("secret", ""),
        };
        doc! {
            field: secret,
            "last_step": self.last_step,
            "recovery": &self.recovery,
            "since": self.since,
        }
    }

    /// Reads what is stored under its name; none only where nothing is. What cannot be read is a factor that no code
    /// fits.
    #[must_use]
    pub fn from_field(stored: Option<&Bson>) -> Option<Self> {
        let none = Document::new();
        let document = match stored? {
            Bson::Null => return None,
            other => other.as_document().unwrap_or(&none),
        };
        let secret = match (document.get_str("sealed"), document.get_str("secret")) {
            (Ok(sealed), _) => StoredSecret::Sealed(sealed.to_owned()),
            (Err(_), Ok(plain)) => StoredSecret::Plain(plain.into()),
            (Err(_), Err(_)) => StoredSecret::Unreadable,
        };
        let recovery = document.get_array("recovery").map(Vec::as_slice).unwrap_or_default();
        Some(Self {
            secret,
            // Without it, any code might have been used.
            last_step: document.get_i64("last_step").unwrap_or(i64::MAX),
            recovery: recovery.iter().filter_map(Bson::as_str).map(str::to_owned).collect(),
            since: document.get_datetime("since").copied().unwrap_or(DateTime::MIN),
        })
    }
}

/// A second factor that is being set up. Nothing of it is stored before a right code is typed.
#[derive(Clone, Debug)]
pub struct NewSecondFactor {
    secret: Secret,
}

impl NewSecondFactor {
    /// A new one with a random secret.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut())?;
        Ok(Self::with_secret(totp_rs::Secret::from(bytes.to_vec()).to_base32().into()))
    }

    /// The one whose secret a client sends back, as [`NewSecondFactor::base32`] has it or without its spaces; none for
    /// what no [`NewSecondFactor::generate`] made.
    #[must_use]
    pub fn from_base32(typed: &Secret) -> Option<Self> {
        let mut bare = Zeroizing::new(String::with_capacity(typed.reveal().len()));
        bare.extend(typed.reveal().chars().filter(|c| !c.is_whitespace()));
        let secret = Secret::from(bare.as_str());
        let bytes = from_base32(&secret).filter(|bytes| bytes.len() == SECRET_BYTES);
        bytes.map(|_| Self { secret })
    }

    /// The one with this secret, in base32.
    #[must_use]
    pub fn with_secret(secret: Secret) -> Self {
        Self { secret }
    }

    /// The secret in base32, in groups of four to be typed into an app.
    #[must_use]
    pub fn base32(&self) -> Secret {
        let mut grouped = Zeroizing::new(String::new());
        for (at, symbol) in self.secret.reveal().chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(symbol);
        }
        grouped.as_str().into()
    }

    /// The address that an app reads from a QR code.
    #[must_use]
    pub fn url(&self, email: &str) -> Secret {
        let mut url = Zeroizing::new(format!("otpauth://totp/{ISSUER}:"));
        for byte in email.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
                url.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(url, "%{byte:02X}");
            }
        }
        let _ = write!(url, "?secret={}&issuer={ISSUER}", self.secret.reveal());
        url.as_str().into()
    }

    /// The same address as a QR code, two rows of modules a line, with a margin so that a camera finds it: blocks are
    /// light, to be drawn white on black. None where the e-mail is too long for one.
    #[must_use]
    pub fn qr(&self, email: &str) -> Option<Vec<String>> {
        let qr = QRBuilder::new(self.url(email).reveal()).ecl(ECL::L).build().ok()?;
        let is_light = |x: usize, y: usize| match (x.checked_sub(MARGIN), y.checked_sub(MARGIN)) {
            (Some(x), Some(y)) if x < qr.size && y < qr.size => !qr[y][x].value(),
            (Some(_) | None, _) => true,
        };
        let size = qr.size + 2 * MARGIN;
        let line = |y: usize| {
            let cells = (0..size).map(|x| match (is_light(x, y), is_light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
            cells.collect()
        };
        Some((0..size).step_by(2).map(line).collect())
    }

    /// The factor with this code used up, and its recovery codes, where the code is right.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn confirm(
        &self,
        typed: &Secret,
        now: DateTime,
        account: ObjectId,
        key: Option<&FactorKey>,
    ) -> Result<Option<(SecondFactor, Vec<Secret>)>, getrandom::Error> {
        let bytes = from_base32(&self.secret).unwrap_or_default();
        let step = digits(typed).and_then(|code| step_of(&bytes, &code, now));
        let Some(last_step) = step else { return Ok(None) };
        let secret = match key {
            Some(key) => StoredSecret::Sealed(hex::encode(key.seal(&bytes, account)?)),
            None => StoredSecret::Plain(self.secret.clone()),
        };
        let codes = (0..RECOVERY_CODES).map(|_| Secret::of_symbols(RECOVERY_SYMBOLS, 4));
        let codes = codes.collect::<Result<Vec<_>, _>>()?;
        let recovery = codes.iter().map(ResetCode::hash).collect();
        Ok(Some((SecondFactor { secret, last_step, recovery, since: now }, codes)))
    }
}

/// The digits of a code of an app; none where it is none.
fn digits(typed: &Secret) -> Option<Zeroizing<String>> {
    let spaced = typed.reveal().chars().filter(|c| !c.is_whitespace() && *c != '-');
    let code = Zeroizing::new(spaced.collect::<String>());
    let right = code.len() == usize::from(DIGITS) && code.bytes().all(|byte| byte.is_ascii_digit());
    right.then_some(code)
}

/// The step whose code this is, among the one now and those beside it: clocks differ.
fn step_of(secret: &[u8], code: &str, now: DateTime) -> Option<i64> {
    let seconds = u64::try_from(now.timestamp_millis()).ok()? / 1000;
    let step = totp(secret)?.check(code, seconds)?;
    i64::try_from(step).ok()
}

fn totp(secret: &[u8]) -> Option<Totp> {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_skew(1);
    builder.with_step_duration(STEP).with_secret(secret.to_vec()).build().ok()
}

fn from_base32(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let secret = totp_rs::Secret::try_from_base32(secret.reveal()).ok()?;
    Some(Zeroizing::new(secret.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's own examples, in base32.
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> DateTime {
        DateTime::from_millis(seconds * 1000)
    }

    fn account() -> ObjectId {
        ObjectId::from_bytes([7; 12])
    }

    fn rfc() -> NewSecondFactor {
        NewSecondFactor { secret: RFC.into() }
    }

    /// What RFC 6238 says the code is (appendix B, its last six digits).
    #[test]
    fn a_code_is_the_one_of_the_standard_and_of_the_steps_beside_it() {
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
        {
            let confirmed = |now| rfc().confirm(&code.into(), at(now), account(), None).unwrap();
            let (factor, codes) = confirmed(seconds).unwrap();
            assert_eq!((factor.recovery_codes(), codes.len()), (10, 10));
            // Half a minute late or early, and no more.
            assert!(confirmed(seconds + 30).is_some() && confirmed(seconds - 29).is_some());
            assert!(confirmed(seconds + 61).is_none() && confirmed(seconds - 61).is_none());
        }
    }

    #[test]
    fn a_code_is_accepted_once_whatever_the_clock_does() {
        let (mut factor, _) =
            rfc().confirm(&"287082".into(), at(59), account(), None).unwrap().unwrap();
        let spend = |factor: &SecondFactor, code: &str, now| {
            factor.spend(&code.into(), at(now), account(), None).unwrap()
        };
        // The one that it was set up with.
        assert_eq!(spend(&factor, "287082", 59), None);
        let code = |seconds| totp(b"12345678901234567890").unwrap().generate(seconds).to_string();
        assert_eq!(spend(&factor, &code(30), 61), None, "an older step than the one accepted");
        factor = spend(&factor, &code(60), 61).unwrap();
        assert_eq!(spend(&factor, &code(60), 61), None);
        // The clock is put back: what was shown then is not accepted again.
        assert_eq!(spend(&factor, &code(60), 40), None);
        assert_eq!(spend(&factor, &code(30), 40), None);
        // And on.
        let spaced = format!(" {} {}", &code(90)[..3], &code(90)[3..]);
        factor = spend(&factor, &spaced, 100).unwrap();
        assert_eq!(spend(&factor, &code(60), 100), None);
        for wrong in ["", "0", "287 08", "2870822", "abcdef", "２８７０８２"] {
            assert_eq!(spend(&factor, wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn a_recovery_code_is_good_once_and_never_stored() {
        let (factor, codes) =
            rfc().confirm(&"287082".into(), at(59), account(), None).unwrap().unwrap();
        let shown = format!("{:?}", factor.to_document());
        for code in &codes {
            assert!(!shown.contains(code.reveal()), "{shown}");
            let typed = code.reveal().replace('-', " ").to_uppercase();
            let spent =
                factor.spend(&typed.as_str().into(), at(0), account(), None).unwrap().unwrap();
            assert_eq!(spent.recovery_codes(), 9);
            assert_eq!(spent.spend(code, at(0), account(), None), Ok(None));
        }
    }

    #[test]
    fn a_secret_is_encrypted_for_one_account_with_one_key() {
        let key = FactorKey::derive(&"a key of thirty-two bytes, or more".into());
        let other = FactorKey::derive(&"another key of 32 bytes, or of more".into());
        let confirmed = rfc().confirm(&"287082".into(), at(59), account(), Some(&key)).unwrap();
        let (factor, codes) = confirmed.unwrap();
        let stored = format!("{:?}", factor.to_document());
        assert!(!stored.contains(RFC) && stored.contains("sealed"), "{stored}");
        let read = SecondFactor::from_field(Some(&Bson::Document(factor.to_document())));
        assert_eq!(read, Some(factor.clone()));
        let next = totp(b"12345678901234567890").unwrap().generate(60).to_string().as_str().into();
        let spend = |account, key| factor.spend(&next, at(60), account, key);
        assert!(spend(account(), Some(&key)).unwrap().is_some());
        for (account, key) in [
            (account(), None),
            (account(), Some(&other)),
            (ObjectId::from_bytes([8; 12]), Some(&key)),
        ] {
            assert_eq!(spend(account, key), Err(Unreadable));
        }
        // Recovery codes need no key.
        assert!(factor.spend(&codes[0], at(60), account(), None).unwrap().is_some());
        assert!(!format!("{factor:?} {:?}", rfc()).contains(RFC));
    }

    #[test]
    fn what_cannot_be_read_is_a_factor_that_no_code_fits() {
        assert_eq!(SecondFactor::from_field(None), None);
        assert_eq!(SecondFactor::from_field(Some(&Bson::Null)), None);
        let whole = rfc().confirm(&"287082".into(), at(59), account(), None).unwrap().unwrap().0;
        let mut without_step = whole.to_document();
        without_step.remove("last_step");
        let mut without_secret = whole.to_document();
        without_secret.remove("secret");
        let mut short = whole.to_document();
        short.insert("secret", "GEZDGNBV");
        let stored = [
            Bson::Boolean(true),
            Bson::String(RFC.to_owned()),
            Bson::Document(Document::new()),
            Bson::Document(doc! { "sealed": "zz" }),
            Bson::Document(without_step),
            Bson::Document(without_secret),
            Bson::Document(short),
        ];
        let next: Secret = totp(b"12345678901234567890").unwrap().generate(60).to_string().into();
        for stored in stored {
            let factor = SecondFactor::from_field(Some(&stored)).unwrap();
            let answer = factor.spend(&next, at(60), account(), None);
            assert!(matches!(answer, Err(Unreadable) | Ok(None)), "{stored:?}: {answer:?}");
        }
    }

    #[test]
    fn an_app_reads_the_address_whatever_the_email_is() {
        let new = rfc();
        let url = new.url("ada+1&x=?#/é@example.com");
        assert_eq!(
            url.reveal(),
            format!(
                "otpauth://totp/Tenantry:ada%2B1%26x%3D%3F%23%2F%C3%A9@example.com?secret={RFC}&issuer=Tenantry"
            )
        );
        assert_eq!(new.base32().reveal(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let qr = new.qr("ada@example.com").unwrap();
        let columns = qr[0].chars().count();
        assert!(qr.iter().all(|line| line.chars().count() == columns));
        assert_eq!(qr.len(), columns.div_ceil(2));
        // A finder pattern stands in the corner, behind the margin.
        assert!(qr[0].chars().all(|cell| cell == '█'), "{qr:?}");
        let corner: Vec<String> =
            qr[1..4].iter().map(|line| line.chars().take(9).collect()).collect();
        assert_eq!(corner, ["██ ▄▄▄▄▄ ", "██ █   █ ", "██ █▄▄▄█ "]);
        let (one, other) =
            (NewSecondFactor::generate().unwrap(), NewSecondFactor::generate().unwrap());
        assert_ne!(one.secret, other.secret);
        assert_eq!(one.secret.reveal().len(), 32);
    }
}
