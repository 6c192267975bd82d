//! MongoDB connection strings, read without trusting them: to show where a database is, and never a
//! password. The driver's own parser decides what a string means; it cannot help with one that it
//! refuses, and what it says about that one may quote it.

/// The options that can be handed on. Of all others some are secrets.
const HANDED_ON: [&str; 8] = [
    "authMechanism",
    "authSource",
    "directConnection",
    "loadBalanced",
    "replicaSet",
    "ssl",
    "tls",
    "tlsCAFile",
];

/// The parts of a connection string as they are written. Where it is malformed, a part may have less
/// than was meant, but none outside `user` has anything of the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ConnectionString<'a> {
    scheme: &'a str,
    /// The user, without the password; empty where none is given.
    user: &'a str,
    hosts: &'a str,
    database: &'a str,
    options: &'a str,
    /// All behind the credentials.
    rest: &'a str,
}

impl<'a> ConnectionString<'a> {
    /// Splits a string; none where it has no scheme.
    #[must_use]
    pub fn split(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (credentials, rest) = credentials(rest);
        let user = credentials.split(':').next().unwrap_or_default();
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = path.split_once('/').unwrap_or((path, ""));
        Some(Self { scheme, user, hosts, database, options, rest })
    }

    /// Hosts and ports, as they are written.
    #[must_use]
    pub fn hosts(&self) -> &'a str {
        self.hosts
    }

    /// The string as it would be without user and password.
    #[must_use]
    pub fn without_credentials(&self) -> String {
        format!("{}://{}", self.scheme, self.rest)
    }

    /// The names of its options, in their order.
    pub fn option_names(&self) -> impl Iterator<Item = &'a str> {
        self.options.split('&').filter_map(|option| option.split('=').next())
    }

    /// The string with its user, on this database, and without anything that may be a secret.
    #[must_use]
    pub fn handed_on(&self, database: &str) -> String {
        let known = |option: &&str| {
            let name = option.split('=').next().unwrap_or_default();
            HANDED_ON.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let mut options: Vec<_> =
            self.options.split('&').filter(known).map(str::to_owned).collect();
        // Users are looked up in the database of the string, unless an option says otherwise.
        let source = options.iter().any(|option| option.to_lowercase().starts_with("authsource"));
        if !self.user.is_empty() && !source {
            let source = if self.database.is_empty() { "admin" } else { self.database };
            options.push(format!("authSource={source}"));
        }
        let user = if self.user.is_empty() { String::new() } else { format!("{}@", self.user) };
        let options = options.join("&");
        let ask = if options.is_empty() { "" } else { "?" };
        format!("{}://{user}{}/{database}{ask}{options}", self.scheme, self.hosts)
    }
}

/// Whether the driver's parser survives a text: it takes the two bytes behind a `%` for two characters, and panics
/// where they are half of one (mongodb 3.9.1, `validate_and_parse_userinfo`). Such a text is no connection string
/// either way.
#[must_use]
pub fn is_parsable(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| behind.is_char_boundary(2.min(behind.len())))
}

/// What comes before the last `@`, and what behind it: nothing behind it can be in user or password.
fn credentials(rest: &str) -> (&str, &str) {
    rest.rsplit_once('@').unwrap_or(("", rest))
}

/// Takes user and password out of whatever looks like a connection string in a text.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let (mut out, mut left) = (String::with_capacity(text.len()), text);
    while let Some(at) = left.find("://") {
        let (before, behind) = left.split_at(at + "://".len());
        let end = behind.find([' ', '\'', '"', '\n']).unwrap_or(behind.len());
        let (string, rest) = behind.split_at(end);
        out.push_str(before);
        out.push_str(credentials(string).1);
        left = rest;
    }
    out.push_str(left);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_parts_are_found_as_they_are_written() {
        for (uri, hosts) in [
            ("mongodb://ada:s3cret@db1:27017,db2/?tls=true", "db1:27017,db2"),
            ("mongodb+srv://ada:s3cret@cluster.example", "cluster.example"),
            ("mongodb://db1.example/orgs", "db1.example"),
            ("mongodb://ada:s3?cret@db1/", "db1"),
            ("mongodb://ada:s3/cret@db1/", "db1"),
            ("mongodb://", ""),
        ] {
            assert_eq!(ConnectionString::split(uri).unwrap().hosts(), hosts, "{uri}");
        }
        assert!(ConnectionString::split("nonsense").is_none());
    }

    #[test]
    fn a_connection_is_handed_on_without_any_secret() {
        for (uri, handed_on) in [
            ("mongodb://db1.example", "mongodb://db1.example/m"),
            (
                "mongodb://ops:s3cret@a,b:1/?replicaSet=rs0",
                "mongodb://ops@a,b:1/m?replicaSet=rs0&authSource=admin",
            ),
            ("mongodb+srv://ops:s3%40cret@h/users", "mongodb+srv://ops@h/m?authSource=users"),
            ("mongodb://o:s3@cret@h/?authSource=x&w=1", "mongodb://o@h/m?authSource=x"),
            ("mongodb://o:s3?cret@h/", "mongodb://o@h/m?authSource=admin"),
            ("mongodb://o://s3cret@h/", "mongodb://o@h/m?authSource=admin"),
            (
                "mongodb://h/?tls=true&tlsCertificateKeyFilePassword=s3cret&proxyPassword=s3cret",
                "mongodb://h/m?tls=true",
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=TOKEN:s3cret",
                "mongodb://h/m?authMechanism=MONGODB-OIDC",
            ),
        ] {
            let shown = ConnectionString::split(uri).unwrap().handed_on("m");
            assert_eq!(shown, handed_on);
            assert!(!shown.contains("s3"), "{uri}");
        }
    }

    #[test]
    fn a_percent_sign_before_a_letter_of_several_bytes_is_no_escape() {
        for (text, parsable) in [
            ("mongodb://ops:p%25@db1", true),
            ("mongodb://ops:p%@db1", true),
            ("mongodb://ops:p%\u{e9}@db1", true),
            ("mongodb://ops:p%\u{20ac}@db1", false),
            ("mongodb://ops:p%a\u{e9}@db1", false),
            ("mongodb://%\u{11347}@db1", false),
        ] {
            assert_eq!(is_parsable(text), parsable, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_password_survives_whatever_it_is_made_of(
            user in "[a-z]{1,8}",
            password in "[A-Z:/?#%@&=. -~]{0,12}SECRET[A-Z:/?#%&=]{0,12}",
            host in "[a-z]{1,9}(:[0-9]{1,5})?",
            options in "(\\?tls=true)?",
        ) {
            let uri = format!("mongodb://{user}:{password}@{host}/{options}");
            let split = ConnectionString::split(&uri).unwrap();
            prop_assert_eq!(split.hosts(), host.as_str());
            prop_assert!(!split.handed_on("m").contains("SECRET"));
            let bare = format!("mongodb://{host}/{options}");
            prop_assert_eq!(split.without_credentials(), bare);
            if !password.contains([' ', '\'', '"']) {
                let text = format!("cannot reach {uri} now");
                let expected = format!("cannot reach mongodb://{host}/{options} now");
                prop_assert_eq!(without_credentials(&text), expected);
            }
        }

        #[test]
        fn any_text_at_all_is_read(text in "\\PC{0,200}") {
            let _ = without_credentials(&text);
            if let Some(split) = ConnectionString::split(&text) {
                let _ = (split.hosts(), split.option_names().count(), split.handed_on("m"));
            }
        }
    }
}
