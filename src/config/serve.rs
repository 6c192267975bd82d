//! How the HTTP service is to be: the flags of `tenantry serve`, and `[serve]` of the configuration file.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Deserialize;

use super::{Environment, Error, home::written_path};
use crate::{org::Secret, secret_file};

/// Where the service listens when it is not told.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// The flags of `tenantry serve`.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeFlags {
    /// Address and port to listen on [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Certificate chain for TLS, as PEM; read again when it changes
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub tls_cert: Option<PathBuf>,
    /// Private key for TLS, as PEM
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub tls_key: Option<PathBuf>,
    /// Trusted proxy in front of it (address or network), whose X-Forwarded-For names the client; repeatable
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    pub behind_proxy: Vec<IpNet>,
    /// Form of the log on standard error [default: text]
    #[arg(long, value_enum, value_name = "FORM")]
    pub log: Option<LogForm>,
}

/// What a log line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// A call of the FastAPI service that works without a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenCall {
    /// `POST /org/create`.
    Create,
    /// `GET /org/get`.
    Get,
    /// `PUT /org/update`, of the name alone.
    UpdateName,
}

/// What `DELETE /org/delete` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    /// Moves the organization to the trash; its name and its e-mails can be used again at once.
    #[default]
    Trash,
    /// The same, but they stay reserved.
    TrashReserved,
}

/// `[serve]`, as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenServe {
    listen: Option<SocketAddr>,
    open: Option<Vec<OpenCall>>,
    delete: Option<Deletion>,
    key_file: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    #[serde(default)]
    behind_proxy: Vec<Network>,
    log: Option<LogForm>,
    #[serde(default)]
    cors: Vec<Origin>,
    #[serde(default)]
    limits: Limits,
}

/// How many requests of one address are answered in a minute; 0 for any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Logins.
    pub login: u32,
    /// Creations of organizations.
    pub create: u32,
    /// One-time codes.
    pub redeem: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { login: 60, create: 60, redeem: 20 }
    }
}

/// Where a page comes from that a browser lets call the service: scheme, host and port.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Origin(String);

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
        let is_origin = host.is_some_and(|host| !host.is_empty() && host.chars().all(fits));
        if is_origin {
            Ok(Self(text))
        } else {
            Err("write an origin: https://app.example".to_owned())
        }
    }
}

/// A network, or one address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Network(IpNet);

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        network(&text).map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let parsed = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    parsed.map_err(|_| "write an address, or a network: 10.0.0.0/8".to_owned())
}

/// The two files of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// How the service is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What works without a login.
    pub open: Vec<OpenCall>,
    /// What the FastAPI service's deletion does.
    pub deletion: Deletion,
    /// The file with an API key that open calls are made with where the database requires operators.
    pub key_file: Option<PathBuf>,
    /// The files of TLS; none without it.
    pub tls: Option<TlsFiles>,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpNet>,
    /// What the log looks like.
    pub log: LogForm,
    /// Whose pages browsers let call the service.
    pub cors: Vec<String>,
    /// How often one address may try what is limited.
    pub limits: Limits,
}

impl ServeSettings {
    /// The key in its file, where there is one.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub fn key(&self) -> Result<Option<Secret>, Error> {
        let what = "cannot read the key file";
        let unusable = |path: &PathBuf, why| Error::Unusable { what, path: path.clone(), why };
        let key = |path: &PathBuf| secret_file::read(path).map_err(|why| unusable(path, why));
        self.key_file.as_ref().map(key).transpose()
    }

    /// A flag beats the file.
    ///
    /// # Errors
    /// Half of what TLS needs, or an address that others reach without TLS and without a proxy.
    pub(super) fn new(
        flags: &ServeFlags,
        written: &WrittenServe,
        base: &Path,
        environment: Environment<'_>,
    ) -> Result<Self, Error> {
        let file = |written: &Option<PathBuf>| {
            written.as_ref().map(|path| written_path(environment, path, base)).transpose()
        };
        let cert =
            flags.tls_cert.clone().map_or_else(|| file(&written.tls_cert), |f| Ok(Some(f)))?;
        let key = flags.tls_key.clone().map_or_else(|| file(&written.tls_key), |f| Ok(Some(f)))?;
        let tls = match (cert, key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(Error::HalfOfTls),
        };
        let proxies = if flags.behind_proxy.is_empty() {
            written.behind_proxy.iter().map(|network| network.0).collect()
        } else {
            flags.behind_proxy.clone()
        };
        let listen = flags.listen.or(written.listen).unwrap_or(LISTEN);
        if !listen.ip().is_loopback() && tls.is_none() && proxies.is_empty() {
            return Err(Error::Exposed(listen));
        }
        let usual = || vec![OpenCall::Create, OpenCall::Get];
        Ok(Self {
            listen,
            open: written.open.clone().unwrap_or_else(usual),
            deletion: written.delete.unwrap_or_default(),
            key_file: file(&written.key_file)?,
            tls,
            proxies,
            log: flags.log.or(written.log).unwrap_or_default(),
            cors: written.cors.iter().map(|origin| origin.0.clone()).collect(),
            limits: written.limits,
        })
    }
}
