//! A way to a server that is cut off behind the server's back (it has done what it was asked, and the
//! answer never arrives), or that holds a command until long after everybody has forgotten it.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicI64, Ordering},
        mpsc,
    },
    thread,
};

use bson::{Bson, Document};
use tokio::sync::oneshot;

use crate::server::FRUGAL;

/// What the driver asks by itself, and no step of anything.
const OF_THE_DRIVER: [&str; 5] = ["hello", "isMaster", "ismaster", "endSessions", "killCursors"];

/// Commands that change something.
const WRITES: [&str; 9] = [
    "insert",
    "update",
    "delete",
    "findAndModify",
    "create",
    "createIndexes",
    "collMod",
    "drop",
    "renameCollection",
];

/// A command on its way to the server.
#[derive(Clone, Debug)]
pub struct Command {
    pub name: String,
    /// Its collection, with the database's name where it is a `renameCollection`.
    pub on: String,
    pub content: Document,
}

impl Command {
    pub fn writes(&self) -> bool {
        WRITES.contains(&self.name.as_str())
    }

    pub fn reads(&self) -> bool {
        !self.writes()
    }

    /// Whether it is one of that name, on the collection that is called so.
    pub fn is(&self, name: &str, on: &str) -> bool {
        self.name == name && self.on == on
    }
}

/// What becomes of the client whose command is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// It gets the answer, late.
    Waits,
    /// It never gets one, as if it had been killed.
    Starves,
    /// Its connection is cut at once.
    IsCut,
    /// Nothing is held, but the answer is lost, and the connection cut.
    LosesAnswer,
}

/// A command that the proxy holds.
pub struct Held {
    pub command: Command,
    go: mpsc::Sender<()>,
    answer: oneshot::Receiver<Document>,
}

impl Held {
    /// Lets it arrive, and answers what the server says to it.
    pub async fn deliver(self) -> Document {
        self.go.send(()).expect("the proxy keeps the connection");
        self.answer.await.expect("the server answers")
    }
}

/// What is to be held.
struct Wish {
    wanted: Box<dyn Fn(&Command) -> bool + Send>,
    skip: usize,
    client: Client,
    caught: oneshot::Sender<Held>,
}

/// A held command, for whoever reads the server's answers.
struct Late {
    id: i32,
    client: Client,
    answer: oneshot::Sender<Document>,
    answered: mpsc::Sender<()>,
}

#[derive(Default)]
struct Shared {
    /// How many more commands get their answers; none are counted below zero.
    left: AtomicI64,
    wish: Mutex<Option<Wish>>,
    closed: AtomicBool,
    streams: Mutex<Vec<Weak<TcpStream>>>,
}

/// Stands on a port of its own before a server.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    pub fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { left: AtomicI64::new(-1), ..Shared::default() });
        let for_all = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if for_all.closed.load(Ordering::SeqCst) {
                    break;
                }
                // A server that is just being restarted takes nobody.
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for stream in [&client, &server] {
                    stream.set_nodelay(true).unwrap();
                }
                carry(Arc::new(client), Arc::new(server), &for_all);
            }
        });
        Self { port, shared }
    }

    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true&{FRUGAL}", self.port)
    }

    /// After so many answers, one is kept and its connection cut. Others work on.
    pub fn keep_answer(&self, n: i64) {
        self.shared.left.store(n, Ordering::SeqCst);
    }

    /// Whether that came to pass; nothing is kept from here on.
    pub fn stop(&self) -> bool {
        self.shared.left.swap(-1, Ordering::SeqCst) < 0
    }

    /// Holds the first command that is wanted, after letting so many of them pass.
    pub fn hold(
        &self,
        client: Client,
        skip: usize,
        wanted: impl Fn(&Command) -> bool + Send + 'static,
    ) -> oneshot::Receiver<Held> {
        let (caught, held) = oneshot::channel();
        let wish = Wish { wanted: Box::new(wanted), skip, client, caught };
        *self.shared.wish.lock().unwrap() = Some(wish);
        held
    }
}

impl Drop for Proxy {
    /// Cuts every connection: whoever still waits for something behind it is told that it is gone.
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // So that it is looked at.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        for stream in self.shared.streams.lock().unwrap().iter().filter_map(Weak::upgrade) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    /// The wish that this command fulfils; it is the last one then.
    fn wish_for(&self, message: &Message) -> Option<(Wish, Command)> {
        let mut waiting = self.wish.lock().unwrap();
        let wish = waiting.as_mut()?;
        let command = message.command();
        if !(wish.wanted)(&command) {
            return None;
        }
        if wish.skip > 0 {
            wish.skip -= 1;
            return None;
        }
        waiting.take().map(|wish| (wish, command))
    }
}

/// Carries messages to and fro until one side is gone.
fn carry(client: Arc<TcpStream>, server: Arc<TcpStream>, shared: &Arc<Shared>) {
    let mut streams = shared.streams.lock().unwrap();
    streams.retain(|stream| stream.strong_count() > 0);
    streams.extend([Arc::downgrade(&client), Arc::downgrade(&server)]);
    drop(streams);
    let unanswered: Arc<Mutex<Option<i32>>> = Arc::default();
    let late: Arc<Mutex<Option<Late>>> = Arc::default();
    let (kept, shared) = (Arc::clone(&unanswered), Arc::clone(shared));
    let (held, from_client, to_server) = (Arc::clone(&late), client.clone(), server.clone());
    thread::spawn(move || {
        while let Ok(message) = Message::read(&from_client) {
            if message.is_a_step() && shared.left.fetch_sub(1, Ordering::SeqCst) == 0 {
                *kept.lock().unwrap() = Some(message.id());
            }
            let wish = if message.is_a_step() { shared.wish_for(&message) } else { None };
            let Some((Wish { client, caught, .. }, command)) = wish else {
                if (&*to_server).write_all(&message.0).is_err() {
                    break;
                }
                continue;
            };
            let (go, gone) = mpsc::channel();
            let (answer, of_server) = oneshot::channel();
            if client == Client::LosesAnswer {
                *kept.lock().unwrap() = Some(message.id());
                let _ = caught.send(Held { command, go, answer: of_server });
                let _ = (&*to_server).write_all(&message.0);
                continue;
            }
            let (answered, is_answered) = mpsc::channel();
            *held.lock().unwrap() = Some(Late { id: message.id(), client, answer, answered });
            let _ = caught.send(Held { command, go, answer: of_server });
            if client == Client::IsCut {
                let _ = from_client.shutdown(Shutdown::Both);
            }
            // One that nobody lets go never arrives.
            if gone.recv().is_err() || (&*to_server).write_all(&message.0).is_err() {
                break;
            }
            let _ = is_answered.recv();
        }
        let _ = to_server.shutdown(Shutdown::Both);
        let _ = held.lock().unwrap().take();
    });
    thread::spawn(move || {
        while let Ok(message) = Message::read(&server) {
            if *unanswered.lock().unwrap() == Some(message.answers()) {
                break;
            }
            let answered = late.lock().unwrap().take_if(|late| late.id == message.answers());
            if let Some(late) = answered {
                let _ = late.answer.send(message.command().content);
                let _ = late.answered.send(());
                if late.client == Client::Starves {
                    continue;
                }
            }
            if (&*client).write_all(&message.0).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        let _ = late.lock().unwrap().take();
    });
}

/// A message of the MongoDB wire protocol: four numbers, then its content.
struct Message(Vec<u8>);

const OP_MSG: i32 = 2013;

/// Where its document begins: behind the header, the flags and the kind of the section.
const DOCUMENT: usize = 21;

impl Message {
    fn read(mut from: &TcpStream) -> io::Result<Self> {
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

    /// Whether it is a command that the console gave. Its name is the first field's, behind the
    /// document's length and the field's type.
    fn is_a_step(&self) -> bool {
        let name = self.0.get(DOCUMENT + 5..).and_then(|rest| rest.split(|b| *b == 0).next());
        self.number(12) == OP_MSG
            && name.is_some_and(|name| !OF_THE_DRIVER.iter().any(|other| other.as_bytes() == name))
    }

    fn command(&self) -> Command {
        let content = Document::from_reader(&self.0[DOCUMENT..]).unwrap_or_default();
        let first = content.iter().next();
        let name = first.map(|(name, _)| name.clone()).unwrap_or_default();
        let on = first.and_then(|(_, on)| on.as_str()).map(str::to_owned).unwrap_or_default();
        Command { name, on, content }
    }
}

/// In a sentence: which command it is, and on what.
impl std::fmt::Display for Command {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bare = |name: &str| name.split_once('.').map_or(name, |(_, bare)| bare).to_owned();
        write!(formatter, "{} {}", self.name, bare(&self.on))?;
        match self.content.get("to").and_then(Bson::as_str) {
            Some(to) => write!(formatter, " to {}", bare(to)),
            None => Ok(()),
        }
    }
}
