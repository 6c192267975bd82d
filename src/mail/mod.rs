//! Mail: a one-time code to its admin, handed to the mail server of the configuration. Nothing else is ever sent.

mod settings;
mod text;

pub use settings::{MailServer, MailSettings, MailTls, RedeemUrl, Sender};
pub use text::CodeMail;

use std::time::Duration;

use bson::oid::ObjectId;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use crate::{org::StoredText, secret_file};

/// How long the mail server may take for one answer, and for all of it.
const ANSWER: Duration = Duration::from_secs(10);
const MOST: Duration = Duration::from_secs(15);

/// Tells programs that answer mail by themselves not to (RFC 3834).
const AUTOMATIC: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Why a mail was not sent. Neither the code nor the password is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// What is stored as the admin's e-mail is no address that mail can go to.
    #[error("mail cannot be sent to {0}: it is not an e-mail address")]
    Recipient(String),
    /// The file with the password for the mail server cannot be used.
    #[error("cannot read the password for the mail server: {0}")]
    Password(String),
    /// The mail server cannot be reached, or takes no mail from here.
    #[error("{server} did not take the mail: {why}")]
    Server {
        /// Its address.
        server: String,
        /// Why not: it may be what the server said.
        why: String,
    },
}

/// Hands a mail to the mail server.
///
/// # Errors
/// See [`MailError`]. It is not known whether the mail was sent where the connection was lost at the end.
pub async fn send(settings: &MailSettings, mail: &CodeMail<'_>) -> Result<(), MailError> {
    let failed = |why: String| MailError::Server { server: settings.server.to_string(), why };
    let message = message(settings, mail)?;
    let transport = transport(settings).await?;
    match timeout(MOST, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("it took too long to answer".to_owned())),
    }
}

fn message(settings: &MailSettings, mail: &CodeMail<'_>) -> Result<Message, MailError> {
    let unsuitable = || MailError::Recipient(StoredText::from(mail.to).to_string());
    let to = mail.to.parse::<Address>().map_err(|_| unsuitable())?;
    Message::builder()
        .from(settings.from.0.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject())
        .message_id(Some(format!("<{}@{}>", ObjectId::new().to_hex(), settings.from.domain())))
        .header(ContentType::TEXT_PLAIN)
        .raw_header(HeaderValue::new(AUTOMATIC, "auto-generated".to_owned()))
        .body(mail.body(settings.redeem_url.as_ref()))
        .map_err(|_| unsuitable())
}

async fn transport(
    settings: &MailSettings,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let MailServer { host, port } = &settings.server;
    let parameters = || {
        TlsParameters::new_rustls(host.clone()).map_err(|error| MailError::Server {
            server: settings.server.to_string(),
            why: error.to_string(),
        })
    };
    let tls = match settings.tls {
        MailTls::Implicit => Tls::Wrapper(parameters()?),
        // Where the server offers none, nothing is sent.
        MailTls::Starttls => Tls::Required(parameters()?),
        MailTls::None => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone());
    let mut builder = builder.port(*port).tls(tls).timeout(Some(ANSWER));
    if let Some(name) = own_name() {
        builder = builder.hello_name(ClientId::Domain(name));
    }
    let Some((user, file)) = &settings.login else { return Ok(builder.build()) };
    let file = file.clone();
    let password = tokio::task::spawn_blocking(move || {
        secret_file::read(&file).map_err(|why| format!("{}: {why}", file.display()))
    });
    let password = password.await.unwrap_or_else(|error| Err(error.to_string()));
    let password = password.map_err(MailError::Password)?;
    let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
    Ok(builder.credentials(credentials).build())
}

/// What this machine calls itself to the mail server, where that can be the name of one.
fn own_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            server: MailServer::try_from("localhost:25".to_owned()).unwrap(),
            tls: MailTls::None,
            from: Sender::try_from("Tenantry <tenantry@example.com>".to_owned()).unwrap(),
            login: None,
            redeem_url: None,
        }
    }

    fn written(to: &str, organization: &str) -> Result<String, MailError> {
        let (organization, code) = (organization.into(), "abcde-fghij".into());
        let mail =
            CodeMail { to, organization: &organization, code: &code, until: bson::DateTime::now() };
        let message = message(&settings(), &mail)?;
        assert_eq!(message.envelope().to().len(), 1);
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    /// The names of the headers.
    fn headers(message: &str) -> Vec<&str> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        // What begins with a space goes on with the line before it.
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.map(|line| line.split_once(':').unwrap().0).collect()
    }

    #[test]
    fn no_name_and_no_address_adds_a_header_or_a_recipient() {
        let plain = written("ada@acme.com", "Acme").unwrap();
        assert!(plain.contains("To: ada@acme.com\r\n") && plain.contains("abcde-fghij"), "{plain}");
        assert!(plain.contains("Auto-Submitted: auto-generated\r\n"), "{plain}");
        assert!(plain.contains("@example.com>\r\nContent-Type"), "{plain}");
        for name in [
            "Acme\r\nBcc: eve@x.example",
            "Acme\n.\nRCPT TO:<eve@x.example>",
            &"ä\u{2028}".repeat(300),
        ] {
            let hostile = written("ada@acme.com", name).unwrap();
            assert_eq!(headers(&hostile), headers(&plain), "{name:?}: {hostile}");
            // Each line is one of its own for the server, too.
            assert!(hostile.split("\r\n").all(|line| line.len() < 998 && line != "."), "{hostile}");
        }
        for to in [
            "ada@acme.com\r\nBcc: eve@x.example",
            "ada@acme.com>\r\nRCPT TO:<eve@x.example",
            "ada@acme.com, eve@x.example",
            "ada",
            "",
        ] {
            let refused = written(to, "Acme").unwrap_err();
            assert!(
                matches!(&refused, MailError::Recipient(shown) if !shown.contains('\n')),
                "{to:?}"
            );
        }
    }
}
