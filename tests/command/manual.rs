//! The README and the manual as their reader uses them: every command is typed into a shell on a terminal, in
//! the order of the page, and prints what the page shows. A `…` on a page stands for anything.

use std::{fmt::Write as _, fs, path::Path};

use clap::CommandFactory as _;
use tenantry::command::CommandLine;

use crate::{
    fixture::Scratch,
    support::{pty::Console, totp::code},
    tool::{OTHER_PASSWORD, PASSWORD, PROGRAM},
};

/// The server that the pages name: the test's own takes its place.
const SERVER: &str = "mongodb://db1.example:27017";
/// What separates the output of a command, its exit code and the next command.
const MARK: u8 = 0x1e;
const SIZE: (u16, u16) = (110, 40);

/// Commands that no test can run, one reason each. They stand in blocks marked `no_run`.
const NOT_RUN: [&str; 19] = [
    // They build and test what is running.
    "cargo run --release         # the console",
    "tests/run                   # the whole test suite",
    "cargo doc --open",
    "cargo build --release",
    "tests/run",
    "tests/run --test command",
    // They watch a server for two minutes.
    "tenantry doctor --fix --quarantine org_left_over --quarantine old@example.com",
    // There are no such servers here.
    "export MONGODB_URI='mongodb://a.example,b.example,c.example/?replicaSet=rs0'",
    "export MONGODB_URI='mongodb://ops:PASSWORD@db1.example/?authSource=admin'",
    "export MONGODB_URI='mongodb://db1.example/?tls=true&tlsCAFile=/etc/ssl/db-ca.pem'",
    // There is no mail server here.
    "tenantry admin code acme_corp ada@acme.com --send",
    // The code that would be typed is used up.
    "tenantry admin update acme_corp bob@acme.com --reset-totp --as ada@acme.com",
    "tenantry operator update bob@example.com --reset-totp --as ada@example.com",
    // They serve until they are stopped, or ask what does.
    "export SECRET_KEY=$(openssl rand -hex 32)   # keep it: sessions are signed with it",
    "MONGODB_URI=mongodb://db1.example:27017 tenantry serve",
    "curl 'http://127.0.0.1:8000/org/get?organization_name=acme_corp'",
    "curl -fH \"Authorization: Bearer $KEY\" -o acme.tar.zst \"$URL/v1/organizations/$ID/export?without_admins=true\"",
    "curl -fH \"Authorization: Bearer $TOKEN\" -X POST -T acme.tar.zst \"$URL/v1/organizations/import\"",
    // It starts an editor.
    "$EDITOR \"$(tenantry config path)\"",
];

/// What a page has its reader do.
enum Step {
    /// Type this; the lines it prints, where the page shows them.
    Run(String, Option<Vec<String>>),
    /// Write this into the configuration file.
    Configure(String),
}

/// A page: what is to be done in its order, and what is not run.
#[derive(Default)]
struct Page {
    steps: Vec<Step>,
    not_run: Vec<String>,
    prose: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README, then the manual's pages.
fn names() -> Vec<String> {
    let pages = fs::read_dir(root().join("assets/manual")).unwrap();
    let mut pages: Vec<_> =
        pages.map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    pages.insert(0, "README.md".to_owned());
    pages
}

impl Page {
    fn read(name: &str) -> Self {
        let directory =
            if name == "README.md" { root().into() } else { root().join("assets/manual") };
        let text = fs::read_to_string(directory.join(name)).unwrap();
        let mut page = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            assert!(!line.starts_with("    "), "{name}: a block without a fence: {line}");
            let Some(kind) = line.strip_prefix("```") else {
                page.prose.push_str(line);
                page.prose.push('\n');
                continue;
            };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let shows_commands = block
                .iter()
                .any(|line| line.starts_with("tenantry ") || line.contains("$ tenantry"));
            match kind {
                "sh" => page.steps.extend(commands(&block).map(|line| Step::Run(line, None))),
                "sh no_run" => page.not_run.extend(commands(&block)),
                "console" => page.steps.extend(session(&block)),
                "toml" => page.steps.push(Step::Configure(block.join("\n"))),
                "js" => assert!(!shows_commands, "{name}: commands in a block that is not run"),
                other => panic!("{name}: a block of “{other}”: is it run?"),
            }
        }
        page
    }
}

/// The commands of a block; one that goes on in the next line ends in a `|` or a `\`.
fn commands<'a>(block: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    let goes_on = |line: &str| line.ends_with('|') || line.ends_with('\\');
    let mut lines = block.iter();
    std::iter::from_fn(move || {
        let mut command = (*lines.next()?).to_owned();
        while goes_on(&command) {
            command.push('\n');
            command.push_str(lines.next()?);
        }
        Some(command)
    })
}

/// What a session on a terminal shows: commands behind `$ `, what they go on with behind `> `, and their output.
fn session(block: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step::Run(command.to_owned(), Some(Vec::new()))),
            (None, Some(Step::Run(command, Some(shown)))) => match line.strip_prefix("> ") {
                Some(more) if shown.is_empty() => *command = format!("{command}\n{more}"),
                Some(_) | None => shown.push((*line).to_owned()),
            },
            (None, _) => panic!("output without a command: {line}"),
        }
    }
    steps
}

/// Whether it opens the console: no command of the program's is named.
fn opens_the_console(command: &str) -> bool {
    let program = CommandLine::command();
    let mut words = command.split_whitespace().skip_while(|word| *word != "tenantry");
    words.next().is_some()
        && !words.any(|word| program.get_subcommands().any(|known| known.get_name() == word))
}

/// The answer to a prompt that the output ends with; `app` is the authenticator app of whoever is asked.
fn answer(output: &str, app: &App) -> Option<String> {
    let prompt = output.lines().last().unwrap_or_default();
    if prompt == "Code the app shows now: " || prompt == "Authentication code: " {
        return app.next_code().map(|code| format!("{code}\r"));
    }
    if prompt.ends_with("[y/N] ") {
        return Some("y\r".to_owned());
    }
    if let Some((_, name)) = prompt.split_once("Type ").filter(|_| prompt.ends_with("it: ")) {
        return name.split(" to ").next().map(|name| format!("{name}\r"));
    }
    let secret = prompt.ends_with("assword: ")
        || prompt.ends_with("Again: ")
        || (prompt.starts_with("Password of ") && prompt.ends_with(": "));
    secret.then(|| format!("{PASSWORD}\r"))
}

/// An authenticator app on the reader's phone.
#[derive(Default)]
struct App {
    secret: Option<String>,
    used: i64,
}

impl App {
    /// Adds the account whose secret is shown.
    fn scan(&mut self, output: &str) {
        let shown = output.lines().find_map(|line| line.strip_prefix("  secret   "));
        if let Some(secret) = shown.filter(|_| self.secret.is_none()) {
            self.secret = Some(secret.to_owned());
        }
    }

    /// Each code is good once. That of now is good for half a minute more, and the one after it already.
    fn next_code(&self) -> Option<String> {
        self.secret.as_ref().map(|secret| code(secret, self.used))
    }
}

/// What a terminal received, as text in lines. Progress, which is there only where something took long, is erased.
fn plain(bytes: &[u8]) -> String {
    let mut text = String::new();
    for part in String::from_utf8_lossy(bytes).split("\r\x1b[K") {
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        text.push_str(&part.replace('\r', ""));
    }
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(
            part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest),
        );
    }
    plain
}

/// Whether a line is what the page shows: what stands between each `…`, in that order.
fn is_line(shown: &str, line: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else { return shown == line };
    let Some(rest) = line.strip_prefix(before) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| is_line(after, &rest[at..]))
}

/// A line with one space between its words.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same for all lines, however far apart their words are: a column is as wide as what is in it. A line that is
/// only `…` stands for any number.
fn is_output(shown: &[String], lines: &[&str]) -> bool {
    match (shown.split_first(), lines.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((first, more)), _) if first == "…" => {
            (0..=lines.len()).any(|at| is_output(more, &lines[at..]))
        }
        (Some((first, more)), Some((line, rest))) => {
            is_line(&words(first), &words(line)) && is_output(more, rest)
        }
        (Some(_), None) => false,
    }
}

/// The steps as a script. After each, its exit code stands between two marks.
fn script(steps: &[Step]) -> String {
    let mut script = String::new();
    for step in steps {
        match step {
            Step::Run(command, _) => {
                let own = "$SERVER TENANTRY_DATABASE=$DATABASE";
                script.push_str(&command.replace(SERVER, own));
                script.push_str("\nprintf '\\036%s\\036' \"$?\"\n");
            }
            Step::Configure(text) => {
                let write =
                    "umask 077; mkdir -p ~/.config/tenantry; cat > ~/.config/tenantry/config.toml";
                writeln!(script, "{write} <<'END'\n{text}\nEND").unwrap();
            }
        }
    }
    script
}

/// Runs a page, in a home of its own.
fn run(name: &str, server: &str, database: &str) {
    let page = Page::read(name);
    let home = tempfile::tempdir().unwrap();
    let path = |below: &str| home.path().join(below).display().to_string();
    fs::write(home.path().join("page.sh"), script(&page.steps)).unwrap();
    let program = Path::new(PROGRAM).parent().unwrap().display();
    let search = format!("{program}:{}", std::env::var("PATH").unwrap());
    let (script, data) = (path("page.sh"), path(".local/share"));
    let variables = [
        ("PATH", search.as_str()),
        ("XDG_DATA_HOME", data.as_str()),
        ("PASSWORD", PASSWORD),
        ("OLD", PASSWORD),
        ("NEW", OTHER_PASSWORD),
        ("SERVER", server),
        ("DATABASE", database),
    ];
    let mut shell = Console::run("bash".as_ref(), &[&script], &variables, SIZE, home.path());
    let (mut from, mut app) = (0, App::default());
    for step in &page.steps {
        let Step::Run(command, shown) = step else { continue };
        let (output, code) = see_end(&mut shell, command, &mut from, &mut app);
        for secret in [PASSWORD, OTHER_PASSWORD] {
            assert!(!output.contains(secret), "{name}: $ {command}\nshows a secret:\n{output}");
        }
        let fails = shown.iter().flatten().any(|line| {
            line.starts_with("tenantry: ")
                || line == "  \"error\": {"
                || line.contains("\"result\": \"failed\"")
        });
        assert_eq!(code != "0", fails, "{name}: $ {command}\nexit code {code}:\n{output}");
        if let Some(shown) = shown {
            let lines: Vec<&str> = output.lines().collect();
            let wanted = shown.join("\n");
            assert!(
                is_output(shown, &lines),
                "{name}: $ {command}\n-- the page shows:\n{wanted}\n-- this came:\n{output}"
            );
        }
    }
}

/// Waits for the end of a command, answers what it asks, and leaves the console it may open. Its output and its
/// exit code; `from` is how many bytes came before it, and then also of it.
fn see_end(
    shell: &mut Console,
    command: &str,
    from: &mut usize,
    app: &mut App,
) -> (String, String) {
    // It has connected, and knows how many there are.
    let is_open = |screen: &str| screen.contains("q quit") && screen.contains("organization");
    let mut opens = opens_the_console(command);
    let mut answered = *from;
    loop {
        shell.wait_until(&format!("the end of `{command}`"), |received| {
            ended(&received.bytes[*from..]).is_some()
                || asks(&plain(&received.bytes[answered..]))
                || (opens && is_open(&received.screen()))
        });
        let bytes = shell.bytes();
        if let Some(length) = ended(&bytes[*from..]) {
            let text = plain(&bytes[*from..*from + length]);
            *from += length;
            let mut parts = text.split(char::from(MARK));
            let mut part = || parts.next().unwrap_or_default().to_owned();
            return (part(), part());
        }
        let shown = plain(&bytes[answered..]);
        app.scan(&shown);
        let typed = answer(&shown, app).unwrap_or_else(|| "q".to_owned());
        app.used += i64::from(shown.ends_with(" now: ") || shown.ends_with(" code: "));
        answered = bytes.len();
        opens = opens && typed != "q";
        shell.send(&typed);
    }
}

/// Whether the output ends with a prompt.
fn asks(output: &str) -> bool {
    let any = App { secret: Some(String::new()), used: 0 };
    let prompt = output.lines().last().unwrap_or_default();
    prompt.ends_with(" now: ") || prompt.ends_with(" code: ") || answer(output, &any).is_some()
}

/// How many bytes the first command printed, with the two marks behind it; none before it has ended.
fn ended(bytes: &[u8]) -> Option<usize> {
    let marks = bytes.iter().enumerate().filter(|(_, byte)| **byte == MARK);
    marks.map(|(at, _)| at + 1).nth(1)
}

/// Runs a page on the embedded database; or on a server, where it names one.
async fn run_page(name: &str) {
    let names_server =
        |step: &Step| matches!(step, Step::Run(command, _) if command.contains(SERVER));
    if !Page::read(name).steps.iter().any(names_server) {
        return run(name, "", "");
    }
    let database = Scratch::new("page").await;
    if name == "older-service.md" {
        database.add_legacy("acme_corp", "org_acme_corp", "ada@acme.com").await;
        database.add_legacy("globex", "org_globex", "bob@globex.com").await;
    }
    run(name, &database.uri, database.name());
}

macro_rules! pages {
    ($($test:ident: $name:literal,)*) => {
        const PAGES: &[&str] = &[$($name,)*];

        mod page {
            $(#[tokio::test]
            async fn $test() {
                super::run_page($name).await;
            })*
        }
    };
}

pages! {
    readme: "README.md",
    admins: "admins.md",
    audit_log: "audit-log.md",
    backup: "backup.md",
    commands: "commands.md",
    configuration: "configuration.md",
    console: "console.md",
    data: "data.md",
    development: "development.md",
    documents: "documents.md",
    failures: "failures.md",
    first_steps: "first-steps.md",
    http: "http.md",
    keys: "keys.md",
    mongodb: "mongodb.md",
    names: "names.md",
    older_service: "older-service.md",
    operators: "operators.md",
    performance: "performance.md",
    repair: "repair.md",
    scripts: "scripts.md",
    search: "search.md",
    security: "security.md",
    trash: "trash.md",
}

#[test]
fn every_page_is_run_and_what_is_not_run_is_known() {
    assert_eq!(names(), PAGES);
    let mut not_run: Vec<String> =
        names().iter().flat_map(|name| Page::read(name).not_run).collect();
    let mut known = NOT_RUN.to_vec();
    not_run.sort_unstable();
    known.sort_unstable();
    assert_eq!(not_run, known);
}

#[test]
fn progress_that_was_erased_is_no_output() {
    let received = b"before\r\n\r\x1b[K1 of 3\r\x1b[K2 of 3\r\x1b[K\x1b[1mcopied\x1b[0m\r\n";
    assert_eq!(plain(received), "before\ncopied\n");
}
