//! A client that sends exactly what it is told, and reads one answer.

use std::{
    fmt::{self, Write as _},
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, as it is sent.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string().as_bytes())
    }

    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// What is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() || ["POST", "PUT", "DELETE"].contains(&self.method.as_str()) {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        let mut bytes = (head + "Connection: close\r\n\r\n").into_bytes();
        bytes.extend(&self.body);
        bytes
    }

    /// Sends it on a connection of its own.
    pub fn send(&self, to: SocketAddr) -> Answer {
        self.try_send(to).unwrap()
    }

    /// The same, to a service that may be killed meanwhile.
    pub fn try_send(&self, to: SocketAddr) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&self.bytes())?;
        Answer::try_read(&stream, self.method == "HEAD")
    }
}

impl Request {
    /// Sends its head alone, and reads what is answered to that: nobody waits for a body that is too large.
    pub fn head_then_read(&self, to: SocketAddr) -> Answer {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let bytes = self.bytes();
        stream.write_all(&bytes[..bytes.len() - self.body.len()]).unwrap();
        Answer::read(&stream, false)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, target, headers, body } = self;
        write!(formatter, "{method} {target} {headers:?} {}", String::from_utf8_lossy(body))
    }
}

/// What was answered.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    /// The names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body } = self;
        write!(formatter, "{status} {headers:?} {}", String::from_utf8_lossy(body))
    }
}

impl Answer {
    /// Reads an answer to its end.
    pub fn read(stream: &TcpStream, without_body: bool) -> Self {
        Self::try_read(stream, without_body).unwrap()
    }

    fn try_read(stream: &TcpStream, without_body: bool) -> io::Result<Self> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut answer =
            Self { status: status.parse().unwrap(), headers: Vec::new(), body: Vec::new() };
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.read_chunks(&mut stream);
            return Ok(answer);
        }
        let length = answer.header("content-length").map(|length| length.parse().unwrap());
        match length {
            _ if without_body => {}
            Some(length) => {
                answer.body = vec![0; length];
                stream.read_exact(&mut answer.body)?;
            }
            None => {
                stream.read_to_end(&mut answer.body)?;
            }
        }
        Ok(answer)
    }

    /// Reads a body in chunks; what was cut off is no whole one.
    fn read_chunks(&mut self, stream: &mut impl BufRead) {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim_end(), 16).expect("the body is whole");
            let before = self.body.len();
            self.body.resize(before + size, 0);
            stream.read_exact(&mut self.body[before..]).expect("the body is whole");
            stream.read_line(&mut String::new()).unwrap();
            if size == 0 {
                return;
            }
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as JSON, of an answer with this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}
