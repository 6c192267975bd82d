//! A mail server that takes what it is sent, and remembers every line of it.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The user that it lets log in, and the password.
pub const MAIL_USER: &str = "tenantry";
pub const MAIL_PASSWORD: &str = "marble-canyon-31-postbox";

/// What it says to a recipient it does not want.
pub const NOBODY: &str = "550 5.1.1 no such mailbox";

pub struct MailServer {
    pub address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// One that takes everything; but for addresses that begin with `nobody`.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        // It ends with the test.
        thread::spawn(move || {
            for client in listener.incoming() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || drop(serve(&client.unwrap(), &seen)));
            }
        });
        Self { address, lines }
    }

    /// Every line that came, of all connections.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The text of the last mail, with what quoted-printable does to it undone.
    pub fn mail(&self) -> String {
        let lines = self.lines();
        let begin = lines.iter().rposition(|line| line == "DATA").expect("no mail came") + 1;
        let end = begin + lines[begin..].iter().position(|line| line == ".").unwrap();
        unquoted(&lines[begin..end].join("\n"))
    }

    /// How many mails came.
    pub fn count(&self) -> usize {
        self.lines().iter().filter(|line| *line == ".").count()
    }
}

fn serve(client: &TcpStream, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let (mut answer, mut in_mail) = (client, false);
    answer.write_all(b"220 mail.example\r\n")?;
    for line in BufReader::new(client).lines() {
        let line = line?;
        seen.lock().unwrap().push(line.clone());
        if in_mail {
            if line == "." {
                in_mail = false;
                answer.write_all(b"250 queued\r\n")?;
            }
            continue;
        }
        let said = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-mail.example\r\n250-AUTH PLAIN\r\n250 8BITMIME",
            "AUTH" => "235 welcome",
            "RCPT" if line.contains("<nobody") => NOBODY,
            "DATA" => {
                in_mail = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        answer.write_all(format!("{said}\r\n").as_bytes())?;
    }
    Ok(())
}

/// Text without the encoding of RFC 2045, 6.7.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        (bytes, rest) = match byte.filter(|_| *first == b'=') {
            Some(byte) => ([bytes, vec![byte]].concat(), &after[2..]),
            None => ([bytes, vec![*first]].concat(), after),
        };
    }
    String::from_utf8(bytes).unwrap()
}
