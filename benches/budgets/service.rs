//! The HTTP service under load, beside the FastAPI service in whose place it is: 64 connections that ask one request after
//! the other, on the same server, each with a database of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use tenantry::store::{Maintenance as _, mongo::MongoStore};
use tokio::runtime::Runtime;

use crate::{
    data,
    table::{Table, Times, millis},
};

const KEY: &str = "benchmarks-sign-with-these-32-bytes!";
const PASSWORD: &str = "violet harbor lantern 42";
const ORGANIZATIONS: u32 = 10_000;
const CONNECTIONS: usize = 64;
/// For how long each is asked.
const READING: Duration = Duration::from_secs(10);
const WRITING: Duration = Duration::from_secs(20);
/// So many log in wrongly at once.
const WRONG: usize = 200;

/// A service that runs, and is ended when it is dropped.
struct Service {
    child: Child,
    address: SocketAddr,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    /// Waits for a line that has the address between these words.
    fn started(command: &mut Command, before: &str, after: char) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let address = loop {
            let line = lines.next().expect("it listens").expect("text");
            if let Some((_, at)) = line.split_once(before) {
                let at = at.split(after).next().unwrap_or_default();
                break at.parse().expect("an address");
            }
        };
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address }
    }

    fn ours(uri: &str, database: &str, home: &Path) -> Self {
        let configuration = home.join("config.toml");
        // A client of one address does all of it.
        let limits = "create = 0\nlogin = 0\nredeem = 0\n";
        std::fs::write(&configuration, format!("[serve.limits]\n{limits}")).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "json"])
            .env_clear()
            .env("HOME", home)
            .env("TENANTRY_CONFIG", configuration)
            .env("MONGODB_URI", uri)
            .env("TENANTRY_DATABASE", database)
            .env("SECRET_KEY", KEY);
        Self::started(&mut command, "\"url\":\"http://", '"')
    }

    fn theirs(uri: &str, database: &str, packages: &Path) -> Self {
        let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http");
        let mut command = Command::new("python3");
        command
            .args(["-m", "uvicorn", "service:app", "--port", "0", "--no-access-log"])
            .current_dir(service)
            .env("PYTHONPATH", packages)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("MONGO_URI", uri)
            .env("MASTER_DB", database)
            .env("SECRET_KEY", KEY);
        Self::started(&mut command, "running on http://", ' ')
    }

    /// The most memory it had, in kilobytes.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a number")
    }

    /// The processor time it took so far.
    fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.expect("it runs");
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 =
            fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum();
        // A hundred a second on Linux.
        Duration::from_millis(ticks * 10)
    }
}

/// One connection of a client.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        Self(BufReader::new(stream))
    }

    /// Asks, and answers the status. Nothing where the connection was closed.
    fn ask(&mut self, request: &[u8]) -> Option<u16> {
        self.0.get_mut().write_all(request).ok()?;
        let (mut status, mut length) = (None, 0_usize);
        let mut line = String::new();
        loop {
            line.clear();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if status.is_none() {
                status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        status
    }
}

fn get(n: usize) -> Vec<u8> {
    let name = format!("Tenant_{:07}", n * 7_919 % ORGANIZATIONS as usize + 1);
    format!("GET /org/get?organization_name={name} HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .into_bytes()
}

fn post(path: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn create(n: usize) -> Vec<u8> {
    let (name, email) = (format!("made_{n}"), format!("made{n}@example.com"));
    let body = serde_json::json!({
        "organization_name": name, "email": email, "password": PASSWORD,
    });
    post("/org/create", &body)
}

fn login(email: &str, password: &str) -> Vec<u8> {
    post("/admin/login", &serde_json::json!({ "email": email, "password": password }))
}

/// What came of asking for a while.
struct Load {
    times: Times,
    wrong: usize,
    took: Duration,
    processor: Duration,
}

impl Load {
    fn answers(&self) -> f64 {
        u32::try_from(self.times.count()).expect("some millions").into()
    }

    fn rate(&self) -> f64 {
        self.answers() / self.took.as_secs_f64()
    }

    fn said(&self) -> String {
        let each = self.processor.as_secs_f64() * 1e6 / self.answers();
        format!(
            "{:.0}/s, p50 {}, p99 {}, {each:.0} µs of CPU each",
            self.rate(),
            millis(self.times.median()),
            millis(self.times.percentile(99)),
        )
    }
}

/// Has so many connections ask, one request after the other, for a while.
fn load(
    service: &Service,
    connections: usize,
    duration: Duration,
    request: impl Fn(usize) -> Vec<u8> + Sync,
) -> Load {
    let (next, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (begun, before) = (Instant::now(), service.processor());
    let ask = || {
        let mut connection = Connection::to(service.address);
        let mut times = Vec::new();
        while begun.elapsed() < duration {
            let request = request(next.fetch_add(1, Ordering::Relaxed));
            let asked = Instant::now();
            if connection.ask(&request) == Some(200) {
                times.push(asked.elapsed());
            } else {
                wrong.fetch_add(1, Ordering::Relaxed);
                connection = Connection::to(service.address);
            }
        }
        times
    };
    let times = thread::scope(|scope| {
        let asking: Vec<_> = (0..connections).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().flat_map(|asking| asking.join().expect("it ends")).collect()
    });
    Load {
        times: Times::new(times),
        wrong: wrong.into_inner(),
        took: begun.elapsed(),
        processor: service.processor().saturating_sub(before),
    }
}

/// All rows of the service.
pub fn rows(table: &mut Table, uri: &str, packages: Option<PathBuf>) {
    let (home, runtime) =
        (tempfile::tempdir().expect("a directory"), Runtime::new().expect("a runtime"));
    runtime.block_on(async {
        for database in ["ours", "theirs"] {
            data::service(uri, database, ORGANIZATIONS).await;
        }
        let store = MongoStore::open(uri, "ours", false).await.expect("it opens");
        store.upgrade("tester@here", &tenantry::store::no_progress).await.expect("it upgrades");
        data::index_names(uri, "theirs").await;
    });
    let ours = Service::ours(uri, "ours", home.path());
    let Some(packages) = packages else {
        eprintln!("no FastAPI was found to compare with: run tests/run once, which fetches it");
        return;
    };
    let theirs = Service::theirs(uri, "theirs", &packages);
    compare(table, "GET /org/get", READING, (&ours, &theirs), get);
    compare(table, "POST /org/create", WRITING, (&ours, &theirs), create);
    compare(table, "POST /admin/login", WRITING, (&ours, &theirs), |n| {
        // Those that were just made.
        login(&format!("made{}@example.com", n % 20), PASSWORD)
    });
    let peaks = (ours.peak(), theirs.peak());
    let kept = peaks.0 * 1_024 <= 40_000_000;
    let said = format!("{} MB (FastAPI {} MB)", peaks.0 / 977, peaks.1 / 977);
    table.row("the most memory of the service", "40 MB", &said, kept);
    crowd(table, &ours);
}

fn compare(
    table: &mut Table,
    what: &str,
    duration: Duration,
    (ours, theirs): (&Service, &Service),
    request: impl Fn(usize) -> Vec<u8> + Sync,
) {
    let [theirs, ours] =
        [theirs, ours].map(|service| load(service, CONNECTIONS, duration, &request));
    table.row(&format!("{what}, FastAPI"), "", &theirs.said(), true);
    let times = ours.rate() / theirs.rate();
    let reads = what.starts_with("GET");
    let fast = times >= 10.0 && ours.times.percentile(99) * 10 <= theirs.times.percentile(99);
    // What hashes a password is as fast as bcrypt.
    let kept = (fast || !reads) && ours.wrong == 0;
    let budget = if reads { "10×, p99 a tenth" } else { "" };
    let said = format!("{} ({times:.1}×), {} refused", ours.said(), ours.wrong);
    table.row(what, budget, &said, kept);
}

/// How long a read takes while a crowd logs in wrongly.
fn crowd(table: &mut Table, service: &Service) {
    let quiet = load(service, 1, Duration::from_secs(3), get);
    let done = AtomicBool::new(false);
    let among = thread::scope(|scope| {
        for n in 0..WRONG {
            let done = &done;
            scope.spawn(move || {
                let mut connection = Connection::to(service.address);
                while !done.load(Ordering::Relaxed) {
                    let request = login(&format!("nobody{n}@example.com"), "a wrong password 17");
                    if connection.ask(&request).is_none() {
                        connection = Connection::to(service.address);
                    }
                }
            });
        }
        let among = load(service, 1, Duration::from_secs(10), get);
        done.store(true, Ordering::Relaxed);
        among
    });
    let said = format!(
        "p50 {}, p99 {} (alone {}, {})",
        millis(among.times.median()),
        millis(among.times.percentile(99)),
        millis(quiet.times.median()),
        millis(quiet.times.percentile(99)),
    );
    let kept = among.times.percentile(99) < Duration::from_millis(50);
    table.row("a read while 200 log in wrongly, one after the other", "p99 50 ms", &said, kept);
}
