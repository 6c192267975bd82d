//! An authenticator app.

use std::time::{SystemTime, UNIX_EPOCH};

/// The code for a secret in base32, so many steps of half a minute from now. The one before is good only until the step
/// of now ends, which may be at once: whoever asks a database with a code takes that of now or the one after it.
pub fn code(base32: &str, steps: i64) -> String {
    let bare: String = base32.chars().filter(|c| !c.is_whitespace()).collect();
    let secret = totp_rs::Secret::try_from_base32(&bare).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    app.generate(now.saturating_add_signed(30 * steps)).to_string()
}
