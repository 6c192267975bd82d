//! `[mail]` of the configuration file: how one-time codes are mailed.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{Environment, Error, home::written_path, problem::Problems};
use crate::{
    mail::{MailServer, MailSettings, MailTls, RedeemUrl, Sender},
    secret_file,
};

/// `[mail]`, as it is written. The password is in a file of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMail {
    server: MailServer,
    #[serde(default)]
    tls: Option<Spanned<MailTls>>,
    from: Sender,
    user: Option<Spanned<String>>,
    password_file: Option<Spanned<PathBuf>>,
    redeem_url: Option<RedeemUrl>,
}

impl WrittenMail {
    fn tls(&self) -> MailTls {
        self.tls.as_ref().map(|tls| *tls.as_ref()).unwrap_or_default()
    }

    /// What does not fit together.
    pub fn check(&self, problems: &mut Problems) {
        if let (MailTls::None, Some(tls), false) = (self.tls(), &self.tls, self.server.is_here()) {
            let what = "mail and password would cross the network in the clear";
            problems.add(
                tls.span(),
                what,
                "use \"starttls\" or \"implicit\"; \"none\" is for localhost",
            );
        }
        let half = match (&self.user, &self.password_file) {
            (Some(user), None) => Some((user.span(), "add password_file, or remove it")),
            (None, Some(file)) => Some((file.span(), "add user, or remove it")),
            (Some(_), Some(_)) | (None, None) => None,
        };
        if let Some((span, help)) = half {
            problems.add(span, "a login needs user and password_file, and only one is given", help);
        }
    }

    /// Files are looked for from where the configuration is.
    pub fn settings(
        &self,
        base: &Path,
        environment: Environment<'_>,
    ) -> Result<MailSettings, Error> {
        let login = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => {
                Some((user.as_ref().clone(), written_path(environment, file.as_ref(), base)?))
            }
            (Some(_), None) | (None, Some(_) | None) => None,
        };
        Ok(MailSettings {
            server: self.server.clone(),
            tls: self.tls(),
            from: self.from.clone(),
            login,
            redeem_url: self.redeem_url.clone(),
        })
    }
}

/// Refuses a file for the password that could not be used. Blocks on the disk.
pub(super) fn check_password(mail: &MailSettings) -> Result<(), Error> {
    let Some((_, path)) = &mail.login else { return Ok(()) };
    let what = "cannot read the password for the mail server in";
    let unusable = |why| Error::Unusable { what, path: path.clone(), why };
    secret_file::read(path).map(drop).map_err(unusable)
}
