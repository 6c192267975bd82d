//! What the mail says, in plain words.

use bson::DateTime;

use super::RedeemUrl;
use crate::org::{Secret, StoredText, timestamp};

/// A one-time code on its way to its admin.
pub struct CodeMail<'a> {
    /// The admin's e-mail, as it is stored.
    pub to: &'a str,
    /// The organization's name.
    pub organization: &'a StoredText,
    /// The code.
    pub code: &'a Secret,
    /// Until when it can be used.
    pub until: DateTime,
}

impl CodeMail<'_> {
    /// Without control characters, whatever is stored.
    pub(super) fn subject(&self) -> String {
        format!("Set your password for {}", self.organization)
    }

    pub(super) fn body(&self, redeem: Option<&RedeemUrl>) -> String {
        let Self { to, organization, code, until } = self;
        let to = StoredText::from(*to);
        let until = timestamp(*until);
        let redeem = match redeem {
            Some(redeem) => format!(
                "Enter it here, with a password of your choice:\n\n    {}\n",
                redeem.filled_in(to.raw())
            ),
            None => "The person who sent it to you will tell you where to enter it.\n".to_owned(),
        };
        format!(
            "You are an admin of “{organization}”. This one-time code lets you set your password:\n\n    \
             {}\n\n{redeem}\nYour e-mail address there is {to}. The code works once, for one hour, until {until}.\n\n\
             If you did not expect this, ignore it: nothing changes without the code. Do not pass the code on.\n",
            code.reveal()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_it_is_in_plain_words() {
        let (organization, code) = ("Acme & Söhne".into(), "abcde-fghij".into());
        let until = DateTime::from_millis(1_795_882_368_123);
        let mail = CodeMail { to: "ada@acme.com", organization: &organization, code: &code, until };
        assert_eq!(mail.subject(), "Set your password for Acme & Söhne");
        let url = RedeemUrl::try_from("https://tenantry.example/redeem".to_owned()).unwrap();
        assert_eq!(
            mail.body(Some(&url)),
            "You are an admin of “Acme & Söhne”. This one-time code lets you set your password:

    abcde-fghij

Enter it here, with a password of your choice:

    https://tenantry.example/redeem?email=ada%40acme.com

Your e-mail address there is ada@acme.com. The code works once, for one hour, until 2026-11-28 16:12 UTC.

If you did not expect this, ignore it: nothing changes without the code. Do not pass the code on.
"
        );
        assert!(
            mail.body(None)
                .contains("\n    abcde-fghij\n\nThe person who sent it to you will tell")
        );
    }

    #[test]
    fn a_hostile_name_is_escaped() {
        let (organization, code) = ("Acme\r\nBcc: eve@x.example\r\n\u{202e}".into(), "code".into());
        let (to, until) = ("a@b.example", DateTime::from_millis(0));
        let mail = CodeMail { to, organization: &organization, code: &code, until };
        for text in [mail.subject(), mail.body(None)] {
            assert!(!text.contains('\r') && !text.contains('\u{202e}'), "{text:?}");
            assert!(!text.contains("\nBcc"), "{text:?}");
        }
    }
}
