//! A database that takes its time: a loopback proxy that holds every answer back.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// A way to a server on which answers can be delayed.
pub struct Slow {
    /// Host and port.
    pub address: String,
    delays: Arc<AtomicBool>,
}

impl Slow {
    /// A way to `server`, quick until told otherwise, which then delays each answer by `delay`.
    pub fn to(server: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let delays = Arc::new(AtomicBool::new(false));
        let (server, shared) = (server.to_owned(), delays.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&server).expect("the server");
                join(&client, &server, delay, &shared);
            }
        });
        Self { address, delays }
    }

    /// From now on answers are late.
    pub fn delay(&self) {
        self.delays.store(true, Ordering::SeqCst);
    }
}

fn join(client: &TcpStream, server: &TcpStream, delay: Duration, delays: &Arc<AtomicBool>) {
    let twice = |stream: &TcpStream| {
        stream.set_nodelay(true).expect("a socket");
        (stream.try_clone().expect("a socket"), stream.try_clone().expect("a socket"))
    };
    let ((mut asked, mut told), (mut to, mut answers)) = (twice(client), twice(server));
    thread::spawn(move || {
        let _ = std::io::copy(&mut asked, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (sender, late) = mpsc::channel::<(Instant, Vec<u8>)>();
    let delays = delays.clone();
    thread::spawn(move || {
        let mut bytes = vec![0; 65536];
        while let Ok(read @ 1..) = answers.read(&mut bytes) {
            let wait = if delays.load(Ordering::SeqCst) { delay } else { Duration::ZERO };
            let _ = sender.send((Instant::now() + wait, bytes[..read].to_vec()));
        }
    });
    thread::spawn(move || {
        for (due, bytes) in late {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if told.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = told.shutdown(Shutdown::Both);
    });
}
