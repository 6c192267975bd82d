//! TLS: what is asked for outside this machine, and a certificate that is renewed while the service runs.

use std::{fs, io::Write, net::TcpStream, path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName},
};

use crate::{serve::Plan, serve::Serve};

/// Writes a certificate for localhost and its key; gives the certificate.
fn certificate(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

/// Whether a client that trusts this certificate and no other is answered.
fn answers(serve: &Serve, trusted: &CertificateDer<'static>) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(serve.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if stream.write_all(head).is_err() {
        return false;
    }
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut line).is_ok()
        && line == "HTTP/1.1 200 OK\r\n"
}

#[test]
fn a_renewed_certificate_is_used_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let first = certificate(directory.path());
    let plan =
        Plan::demo().flags(&["--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")]);
    let serve = plan.start();
    assert!(answers(&serve, &first));
    // One that cannot be used changes nothing.
    fs::write(directory.path().join("cert.pem"), "nonsense").unwrap();
    serve.wait_for_line("cannot reload the certificate");
    assert!(answers(&serve, &first));
    let second = certificate(directory.path());
    serve.wait_for_line("certificate reloaded");
    assert!(answers(&serve, &second) && !answers(&serve, &first));
}

#[test]
fn a_certificate_that_cannot_be_read_is_said_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let plan =
        Plan::demo().flags(&["--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")]);
    let (mut command, _home) = plan.command();
    let output = command.args(["--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("cert.pem"), "{said}");
}
