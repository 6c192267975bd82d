//! What a refresh token is: the login that it goes on with, a secret, and a proof that we issued it.
//!
//! The proof tells a token that was used before from one that somebody made up: the first ends every session of its
//! login, and who only knows which login it is must not be able to do that.

use std::fmt::Write as _;

use bson::oid::ObjectId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    org::Secret,
    tenancy::{Error, Result},
};

/// What every refresh token begins with.
const PREFIX: &str = "tnr_";

/// The bytes of a secret: 256 bits.
const SECRET_BYTES: usize = 32;

/// The bytes of the proof.
const PROOF_BYTES: usize = 16;

/// The bytes that a secret is made of beside the one before.
const SALT_BYTES: usize = 16;

/// Issues refresh tokens: made from the key that signs sessions, which one does not give away.
pub(super) struct RefreshKey(Zeroizing<[u8; 32]>);

/// A token that we issued, at some time.
pub(super) struct RefreshToken {
    /// Which login it goes on with.
    pub(super) family: ObjectId,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl RefreshKey {
    pub(super) fn derive(key: &[u8]) -> Self {
        Self(Zeroizing::new(hmac(key, &[b"tenantry refresh tokens, version 1"])))
    }

    /// The first one of a login.
    pub(super) fn first(family: ObjectId) -> Result<RefreshToken> {
        Ok(RefreshToken { family, secret: Zeroizing::new(random()?) })
    }

    /// What the next secret is made of: with that, whoever repeats a request whose answer was lost gets the same answer.
    pub(super) fn salt() -> Result<String> {
        Ok(hex::encode(random::<SALT_BYTES>()?))
    }

    /// The one that comes after it. It takes this key, the token and what is stored to know it.
    pub(super) fn next(&self, before: &RefreshToken, salt: &str) -> RefreshToken {
        let family = before.family.bytes();
        let parts: [&[u8]; 4] = [b"next", &family, before.secret.as_ref(), salt.as_bytes()];
        let secret = Zeroizing::new(hmac(self.0.as_ref(), &parts));
        RefreshToken { family: before.family, secret }
    }

    /// As it is handed out.
    pub(super) fn text(&self, token: &RefreshToken) -> Secret {
        let proof = self.proof(token);
        let (family, secret) = (token.family.bytes(), token.secret.as_ref());
        let digits = 2 * (family.len() + SECRET_BYTES + PROOF_BYTES);
        // With room for all of it: nothing of it is left behind by growing.
        let mut text = String::with_capacity(PREFIX.len() + digits);
        text.push_str(PREFIX);
        for byte in family.iter().chain(secret).chain(&proof) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Secret::from(text)
    }

    /// Reads one; none where we did not issue it.
    pub(super) fn read(&self, text: &Secret) -> Option<RefreshToken> {
        let digits = text.reveal().trim().strip_prefix(PREFIX)?;
        let mut bytes = Zeroizing::new([0; 12 + SECRET_BYTES + PROOF_BYTES]);
        hex::decode_to_slice(digits, bytes.as_mut()).ok()?;
        let (family, rest) = bytes.split_at_checked(12)?;
        let (secret, proof) = rest.split_at_checked(SECRET_BYTES)?;
        let token = RefreshToken {
            family: ObjectId::from_bytes(family.try_into().ok()?),
            secret: Zeroizing::new(secret.try_into().ok()?),
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()).ok()?;
        for part in [&b"proof"[..], family, secret] {
            mac.update(part);
        }
        // In constant time.
        mac.verify_truncated_left(proof).ok()?;
        Some(token)
    }

    fn proof(&self, token: &RefreshToken) -> [u8; PROOF_BYTES] {
        let parts: [&[u8]; 3] = [b"proof", &token.family.bytes(), token.secret.as_ref()];
        let whole = hmac(self.0.as_ref(), &parts);
        let mut proof = [0; PROOF_BYTES];
        proof.copy_from_slice(&whole[..PROOF_BYTES]);
        proof
    }
}

impl RefreshToken {
    /// What is stored of it: SHA-256 in hex.
    pub(super) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.secret.as_ref()))
    }
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::Machine(e.to_string()))?;
    Ok(bytes)
}

pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_key_issued_is_read() {
        let (key, other) = (RefreshKey::derive(b"one"), RefreshKey::derive(b"other"));
        let token = RefreshKey::first(ObjectId::new()).unwrap();
        let text = key.text(&token);
        let read = key.read(&text).unwrap();
        assert_eq!((read.family, read.hash()), (token.family, token.hash()));
        assert!(other.read(&text).is_none());
        for at in PREFIX.len()..text.reveal().len() {
            let mut changed = text.reveal().to_owned();
            let digit = if &changed[at..=at] == "0" { "1" } else { "0" };
            changed.replace_range(at..=at, digit);
            assert!(key.read(&changed.as_str().into()).is_none(), "{at}");
        }
        for none in ["", "tnr_", "tnt_00", &text.reveal()[..100], "tnr_é"] {
            assert!(key.read(&none.into()).is_none(), "{none}");
        }
    }

    #[test]
    fn what_comes_next_is_the_same_for_the_same_salt_and_no_other() {
        let key = RefreshKey::derive(b"one");
        let token = RefreshKey::first(ObjectId::new()).unwrap();
        let next = |salt| key.next(&token, salt).hash();
        assert_eq!(next("a"), next("a"));
        assert_ne!(next("a"), next("b"));
        assert_ne!(next("a"), token.hash());
        assert_ne!(RefreshKey::derive(b"other").next(&token, "a").hash(), next("a"));
    }
}
