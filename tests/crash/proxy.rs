//! A way to a server that is cut off behind the server's back: it has done what it was asked, and the
//! answer never arrives.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

/// What the driver asks by itself, and no step of anything.
const OF_THE_DRIVER: [&str; 5] = ["hello", "isMaster", "ismaster", "endSessions", "killCursors"];

/// Stands on a port of its own before a server.
pub struct Proxy {
    port: u16,
    /// How many more commands get their answers; none are counted below zero.
    left: Arc<AtomicI64>,
}

impl Proxy {
    pub fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicI64::new(-1));
        let counted = Arc::clone(&left);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A server that is just being restarted takes nobody.
                let Ok(server) = TcpStream::connect(&server) else { continue };
                carry(client, server, &counted);
            }
        });
        Self { port, left }
    }

    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    /// After so many answers, one is kept and its connection cut. Others work on.
    pub fn keep_answer(&self, n: i64) {
        self.left.store(n, Ordering::SeqCst);
    }

    /// Whether that came to pass; nothing is kept from here on.
    pub fn stop(&self) -> bool {
        self.left.swap(-1, Ordering::SeqCst) < 0
    }
}

/// Carries messages to and fro until one side is gone.
fn carry(client: TcpStream, server: TcpStream, left: &Arc<AtomicI64>) {
    let unanswered: Arc<Mutex<Option<i32>>> = Arc::default();
    let (from_client, mut to_client) = (client.try_clone().unwrap(), client);
    let (from_server, mut to_server) = (server.try_clone().unwrap(), server);
    let (kept, left) = (Arc::clone(&unanswered), Arc::clone(left));
    thread::spawn(move || {
        let mut from_client = from_client;
        while let Ok(message) = Message::read(&mut from_client) {
            if message.is_a_step() && left.fetch_sub(1, Ordering::SeqCst) == 0 {
                *kept.lock().unwrap() = Some(message.id());
            }
            if to_server.write_all(&message.0).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut from_server = from_server;
        while let Ok(message) = Message::read(&mut from_server) {
            if *unanswered.lock().unwrap() == Some(message.answers())
                || to_client.write_all(&message.0).is_err()
            {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = from_server.shutdown(Shutdown::Both);
    });
}

/// A message of the MongoDB wire protocol: four numbers, then its content.
struct Message(Vec<u8>);

const OP_MSG: i32 = 2013;

impl Message {
    fn read(from: &mut TcpStream) -> io::Result<Self> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let bytes = usize::try_from(i32::from_le_bytes(length)).map_err(io::Error::other)?;
        let mut message = length.to_vec();
        message.resize(bytes.max(16), 0);
        from.read_exact(&mut message[4..])?;
        Ok(Self(message))
    }

    fn number(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn id(&self) -> i32 {
        self.number(4)
    }

    fn answers(&self) -> i32 {
        self.number(8)
    }

    /// Whether it is a command that the console gave. Its name is the first field's: behind the
    /// header, the flags, the kind of the section, the document's length and the field's type.
    fn is_a_step(&self) -> bool {
        let name = self.0.get(26..).and_then(|rest| rest.split(|byte| *byte == 0).next());
        self.number(12) == OP_MSG
            && name.is_some_and(|name| !OF_THE_DRIVER.iter().any(|other| other.as_bytes() == name))
    }
}
