//! Where a command gets passwords and confirmations from: standard input, or a person at a terminal.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, BufRead, IsTerminal, Read, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::Failure;
use crate::{
    org::{Secret, StoredText, byte_size, counted, thousands},
    store::{Upgrade, Watch},
    tenancy::ArchiveProgress,
};

/// The longest line that is read, in bytes; no name or password is near it.
const LINE_MOST: u64 = 16 * 1024;

/// The next line of standard input, without its end (`\n` or `\r\n`).
///
/// # Errors
/// A usage error when there is no line left: `what` was expected there.
pub(super) async fn line_of_stdin(what: &'static str) -> Result<Secret, Failure> {
    let line = blocking(|| read_line(&mut io::stdin().lock().take(LINE_MOST))).await?;
    line.ok_or_else(|| {
        Failure::usage(
            format!("standard input ended before {what}"),
            "put each on a line of its own; where there are two, the login password first",
        )
    })
}

/// Every line of standard input that is left and not blank, without the spaces around it.
pub(super) async fn names_of_stdin() -> Result<Vec<String>, Failure> {
    blocking(|| {
        let mut names = Vec::new();
        while let Some(line) = read_line(&mut io::stdin().lock().take(LINE_MOST))? {
            let name = line.reveal().trim();
            if !name.is_empty() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    })
    .await
}

/// All of standard input that is left.
pub(super) async fn text_of_stdin(most: usize) -> Result<String, Failure> {
    let read = blocking(move || {
        let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut text = Vec::new();
        io::stdin().lock().take(most).read_to_end(&mut text)?;
        Ok(text)
    });
    let text = read.await?;
    if text.len() > most {
        let help = "give fewer at once";
        return Err(Failure::usage("standard input is too large", help));
    }
    let invalid = |_| Failure::usage("standard input is not UTF-8", "convert it, then try again");
    String::from_utf8(text).map_err(invalid)
}

/// Says on a line of its own how far a database of an older program is brought up to date, or how long
/// something is still watched before it is repaired, where a person looks on; and takes the line away in the end, however that comes.
#[derive(Default)]
pub(super) struct Telling(Arc<AtomicBool>);

impl Telling {
    /// What is to be told.
    pub(super) fn progress(&self) -> impl Fn(Upgrade) + Send + Sync + use<> {
        let told = Arc::clone(&self.0);
        move |Upgrade { records, percent }| {
            let mut error = io::stderr();
            if error.is_terminal() {
                told.store(true, Ordering::Relaxed);
                let records = thousands(records);
                let _ = write!(error, "\r{records} records upgraded: {percent} %");
            }
        }
    }

    /// What is to be told of the wait before a repair.
    pub(super) fn watching(&self) -> impl Fn(Watch) + Send + Sync + use<> {
        let told = Arc::clone(&self.0);
        move |Watch { things, left }| {
            let mut error = io::stderr();
            if error.is_terminal() {
                told.store(true, Ordering::Relaxed);
                let _ = write!(
                    error,
                    "\r\x1b[Kwatching {} for writes: {} s left (^C cancels)",
                    counted(things as u64, "finding"),
                    left.as_secs().max(1),
                );
            }
        }
    }
}

impl Telling {
    /// What is to be told while organizations are measured: how many were.
    pub(super) fn measuring(&self) -> impl Fn(u64) + Send + Sync + use<> {
        let (told, began) = (Arc::clone(&self.0), Instant::now());
        move |measured| {
            let mut error = io::stderr();
            // What is done by then needs no words.
            if error.is_terminal() && began.elapsed() >= BETWEEN {
                told.store(true, Ordering::Relaxed);
                let measured = counted(measured, "organization");
                let _ = write!(error, "\r\x1b[K{measured} measured (^C cancels)");
            }
        }
    }

    /// What is to be told of an export or an import: how far it is, how fast, and how long it still takes.
    pub(super) fn archiving(
        &self,
        name: &StoredText,
    ) -> impl Fn(ArchiveProgress) + Send + Sync + use<> {
        let (told, name, began) = (Arc::clone(&self.0), name.to_string(), Instant::now());
        let last = Mutex::new(None::<Instant>);
        move |progress| {
            let mut error = io::stderr();
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            let since = last.map_or_else(|| began.elapsed(), |last| last.elapsed());
            // What is done by then needs no words.
            if !error.is_terminal() || since < BETWEEN {
                return;
            }
            *last = Some(Instant::now());
            told.store(true, Ordering::Relaxed);
            let _ = write!(error, "\r\x1b[K“{name}”: {}", how_far(&progress, began.elapsed()));
        }
    }
}

/// How long it is at least until the first line of progress, and from each to the next.
const BETWEEN: Duration = Duration::from_millis(200);

/// How far an export or an import is after a time.
fn how_far(progress: &ArchiveProgress, since: Duration) -> String {
    let ArchiveProgress { documents, bytes, of } = *progress;
    let mut text = format!("{} of {} documents", thousands(documents), thousands(of.documents));
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    // What the first moments say of it is not true for long.
    if millis >= 500 && bytes > 0 {
        let a_second = bytes.saturating_mul(1000) / millis;
        let left = of.bytes.saturating_sub(bytes) / a_second.max(1);
        // Writing to a string cannot fail.
        let _ = write!(text, ", {}/s, {left} s left", byte_size(a_second));
    }
    text
}

impl Drop for Telling {
    fn drop(&mut self) {
        if self.0.load(Ordering::Relaxed) {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

/// A person at a terminal.
pub(super) struct Terminal {
    tty: File,
}

impl Terminal {
    /// The terminal this process runs in; none when its standard input is something else, because
    /// then nobody expects to be asked.
    pub(super) fn open() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
        Some(Self { tty })
    }

    /// Shows `text`.
    pub(super) fn show(&self, text: &str) -> Result<(), Failure> {
        (&self.tty)
            .write_all(text.as_bytes())
            .map_err(|error| Failure::io("cannot write to the terminal", &error))
    }

    /// Asks, and answers with what was typed.
    ///
    /// # Errors
    /// [`Failure::NoAnswer`] for the end of input.
    pub(super) async fn ask(&self, question: &str) -> Result<Secret, Failure> {
        self.show(question)?;
        let mut tty = self.tty.try_clone().map_err(|error| lost(&error))?;
        let line = blocking(move || read_line(&mut io::BufReader::with_capacity(1, &mut tty)));
        line.await?.ok_or(Failure::NoAnswer)
    }

    /// As [`Terminal::ask`], and what is typed stays unseen. The terminal shows it again as soon as
    /// this is over, also when it is dropped half-way.
    pub(super) async fn ask_secret(&self, question: &str) -> Result<Secret, Failure> {
        let _silence = self.silence()?;
        self.ask(question).await
    }

    /// Keeps what is typed unseen until it is dropped, also between two questions.
    pub(super) fn silence(&self) -> Result<Silence<'_>, Failure> {
        Silence::over(&self.tty).map_err(|error| lost(&error))
    }
}

/// While it lives, the terminal does not show what is typed.
pub(super) struct Silence<'a> {
    tty: &'a File,
    before: Termios,
}

impl<'a> Silence<'a> {
    fn over(tty: &'a File) -> io::Result<Self> {
        let before = tcgetattr(tty)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        // Suspended here, the shell would get a terminal that shows nothing.
        silent.special_codes[SpecialCodeIndex::VSUSP] = 0;
        tcsetattr(tty, OptionalActions::Now, &silent)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // Nothing can be done where this fails: the terminal is gone.
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

/// One line without its end; none at the end of input.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Secret>> {
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    if input.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let mut text = line.as_slice();
    if let Some(without) = text.strip_suffix(b"\n") {
        text = without.strip_suffix(b"\r").unwrap_or(without);
    }
    match std::str::from_utf8(text) {
        Ok(text) => Ok(Some(Secret::from(text))),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the input is not valid UTF-8")),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| lost(&error)),
        Err(error) => Err(Failure::Io(error.to_string())),
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::io("cannot read the answer", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Statistics;

    #[test]
    fn an_export_says_how_far_and_how_fast_it_is() {
        let of = Statistics { documents: 1_000_000, bytes: 250_000_000, indexes: 1 };
        let progress = ArchiveProgress { documents: 200_000, bytes: 50_000_000, of };
        let said = how_far(&progress, Duration::from_secs(2));
        assert_eq!(said, "200,000 of 1,000,000 documents, 25.0 MB/s, 8 s left");
        let nothing = ArchiveProgress { documents: 0, bytes: 0, of };
        assert_eq!(how_far(&nothing, Duration::from_secs(2)), "0 of 1,000,000 documents");
    }

    fn line(mut input: &[u8]) -> Option<String> {
        read_line(&mut input).unwrap().map(|line| line.reveal().to_owned())
    }

    #[test]
    fn one_line_end_is_taken_off_and_nothing_else() {
        assert_eq!(line(b"word \n").as_deref(), Some("word "));
        assert_eq!(line(b"word\r\nnext").as_deref(), Some("word"));
        assert_eq!(line(b"word\r").as_deref(), Some("word\r"));
        assert_eq!(line(b"\n").as_deref(), Some(""));
        assert_eq!(line(b""), None);
    }

    #[test]
    fn lines_come_one_after_the_other() {
        let mut input: &[u8] = b"old\nnew";
        assert_eq!(read_line(&mut input).unwrap().unwrap().reveal(), "old");
        assert_eq!(read_line(&mut input).unwrap().unwrap().reveal(), "new");
        assert!(read_line(&mut input).unwrap().is_none());
    }
}
