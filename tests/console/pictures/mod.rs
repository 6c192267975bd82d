//! The pictures that the README and the manual show, and the tour: made from what the real program, with the demo's
//! organizations, really sends to a terminal, and compared with what is committed, so that none goes
//! stale. `TENANTRY_UPDATE_PICTURES=1` makes them anew.

mod svg;

use std::{fs, path::Path};

use self::svg::{DARK, LIGHT, Paper, Picture};
use crate::support::pty::Console;

/// The demo in a terminal of this size.
struct Demo {
    console: Console,
    paper: Paper,
    /// What was shown so far, with what was pressed for it and how long it is looked at.
    tour: Vec<(Picture, String, f32)>,
    _home: tempfile::TempDir,
}

impl Demo {
    fn new(size: (u16, u16)) -> Self {
        Self::with(size, &["--demo", "--theme", "dark"], DARK, "")
    }

    fn with(size: (u16, u16), arguments: &[&str], paper: Paper, config: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".config/tenantry");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("config.toml"), config).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_tenantry"));
        let variables = [("COLORTERM", "truecolor")];
        let console = Console::run(program, arguments, &variables, size, home.path());
        console.see("▌acme_corp");
        console.see("index");
        Self { console, paper, tour: Vec::new(), _home: home }
    }

    /// Presses keys and waits for what comes of them; that must not have been there before, or the wait
    /// would end before the keys did anything.
    fn press(&mut self, keys: &str, seen: &str) -> &mut Self {
        if !keys.is_empty() {
            let screen = self.console.screen();
            assert!(!screen.contains(seen), "“{seen}” stands there before {keys:?}:\n{screen}");
        }
        self.console.send(keys);
        self.console.see(seen);
        self
    }

    /// Types into a filter or a field, letter by letter as people do, and waits for what comes of it.
    fn keep(&mut self, words: &str, seconds: f32) -> &mut Self {
        let picture = self.picture();
        self.tour.push((picture, words.to_owned(), seconds));
        self
    }

    /// Selects the organization with this name.
    fn select(&mut self, search: &str, name: &str) -> &mut Self {
        self.press("/", "enter keep");
        self.press(search, &format!("/ {search}"))
            .press("", " 1 of 3")
            .press("", &format!("▌{name}"));
        self.press("\r", "esc clear filter");
        self.console.send("\x1b");
        self.console.see_no_more("esc clear filter");
        self.console.wait_until("all the others again", |received| {
            let screen = received.screen();
            let rows = screen.lines().filter_map(|line| line.split('│').next());
            rows.filter(|row| !row.trim().is_empty()).count() > 15
        });
        self.press("", &format!("▌{name}"))
    }

    fn log_in(&mut self) -> &mut Self {
        self.press("L", "Log in");
        self.press("\r", "Logged in");
        // What went well is gone at the next key.
        self.console.send("\x1b");
        self.console.see_no_more("Logged in");
        self
    }

    /// The screen as it is now, with nothing on it that is another one the next time.
    fn picture(&self) -> Picture {
        let mut picture = Picture::of(self.console.settled().terminal());
        for row in &mut picture.rows {
            let text: Vec<char> =
                row.iter().map(|cell| cell.symbol.chars().next().unwrap_or('\0')).collect();
            for (at, shown) in steady(&text) {
                row[at].symbol = shown.to_string();
            }
        }
        picture
    }

    fn is_current(&mut self, name: &str) {
        let picture = svg::still(&self.picture(), self.paper);
        is_current(name, &picture);
    }
}

/// Who runs the program here, as a column shows it that has room for all or for so much.
fn operator() -> Vec<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let operator = format!("{}@{host}", whoami::username().unwrap());
    [19, 12].map(|room| tenantry::org::fit(&operator, room).into_owned()).into()
}

/// Times, days, ids and who runs the program are other ones each time: what stands there instead.
fn steady(text: &[char]) -> Vec<(usize, char)> {
    const ID: &str = "6b035911";
    let operator = operator();
    let now = time::OffsetDateTime::now_utc().date().to_string();
    let mut instead = Vec::new();
    let like = |at: usize, pattern: &str| {
        let mut wanted = pattern.chars().enumerate();
        wanted.all(|(offset, wanted)| {
            text.get(at + offset).is_some_and(|c| match wanted {
                '#' => c.is_ascii_digit(),
                'f' => c.is_ascii_hexdigit(),
                wanted => *c == wanted,
            })
        })
    };
    let mut put = |at: usize, words: &str| {
        instead.extend(words.chars().enumerate().map(|(offset, c)| (at + offset, c)));
    };
    for at in 0..text.len() {
        if like(at, "####-##-##") {
            let day: String = text[at..at + 10].iter().collect();
            put(at, if day > now { "2026-12-22" } else { "2026-11-22" });
        }
        if like(at, "####-##-## ##:##") || like(at, "####-##-##T##:##") {
            put(at + 11, "10:30");
        }
        if like(at, "####-##-##T##:##:##") {
            put(at + 17, "00");
            if like(at + 19, ".###") {
                put(at + 20, "000");
            }
        }
        if like(at, "##:## UTC") && (at == 0 || text[at - 1] == ' ') {
            put(at, "10:30");
        }
        if at > 0 && text[at - 1] == ' ' && (like(at, "#s ") || like(at, "##s")) {
            put(at, "now");
        }
        // What is left of a session: it begins with thirty minutes.
        if like(at, "29:## ") || like(at, "30:00 ") {
            put(at, "29:41");
        }
        let shown = operator.iter().find(|shown| like(at, &format!("{shown} ")));
        if let Some(shown) = shown.filter(|_| at > 0 && text[at - 1] == ' ') {
            put(at, &format!("{:1$}", "ops@bastion", shown.chars().count()));
        }
        if like(at, ":ffffffffffff") {
            put(at + 1, "5f70bf18a086");
        }
        // The first part of an identity is when it was made; those of the demo go on like this.
        if like(at, "ffffffff5eed") {
            put(at, ID);
        }
    }
    instead
}

fn is_current(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    if std::env::var_os("TENANTRY_UPDATE_PICTURES").is_some() {
        fs::write(&path, picture).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    if picture != committed {
        let differs = picture.lines().zip(committed.lines()).find(|(now, then)| now != then);
        panic!(
            "assets/{name} shows another console than there is: look at it after \
             TENANTRY_UPDATE_PICTURES=1 tests/run --test console pictures\n{differs:?}"
        );
    }
}

const WIDE: (u16, u16) = (120, 30);
const SMALL: (u16, u16) = (100, 24);

#[test]
fn the_console() {
    Demo::new(WIDE).select("acme_c", "acme_corp").log_in().is_current("console.svg");
}

#[test]
fn the_console_on_a_light_terminal() {
    let arguments = ["--demo", "--theme", "light"];
    Demo::with(WIDE, &arguments, LIGHT, "").select("quarry", "Quarry Hill").is_current("light.svg");
}

#[test]
fn the_admins_the_documents_and_what_was_done() {
    let mut demo = Demo::new(SMALL);
    demo.select("acme_c", "acme_corp").log_in();
    demo.press("\r\x1b[C", "code until");
    demo.press("a", "New admin of acme_corp").press("grace@acme.example", "grace@acme.example");
    demo.press("\x13", "One-time code for").press("\r", "a add").press("", "grace@acme.example");
    demo.press("", "UTC").is_current("admins.svg");
    demo.press("\x1b[C", "_id: ObjectId(").is_current("documents.svg");
    demo.press("\x1b[C", "added admin").is_current("activity.svg");
}

#[test]
fn the_audit_log() {
    let mut demo = Demo::new(SMALL);
    demo.select("acme_c", "acme_corp").log_in();
    demo.press("s", "Suspend").press("\r", "u undo");
    demo.press("A", "head ").press("", "suspended").is_current("audit.svg");
}

#[test]
fn the_trash() {
    let mut demo = Demo::new(SMALL);
    demo.select("acme_c", "acme_corp").log_in();
    demo.press("d", "the trash?").is_current("delete.svg");
    demo.press("\r", "35 organizations").press("", "to the trash until");
    demo.press("t", "1 in the trash").press("", "kept until").is_current("trash.svg");
}

#[test]
fn making_one() {
    let mut demo = Demo::new(SMALL);
    demo.press("nBluebird Bakery\tjo@bluebird.example\tviolet-harbor-42", "••••••••••••••••");
    demo.console.see("●●●● strong");
    demo.is_current("create.svg");
}

#[test]
fn the_login() {
    Demo::new(SMALL).press("L", "Log in").is_current("login.svg");
}

#[test]
fn the_help_and_the_palette() {
    let mut demo = Demo::new(SMALL);
    demo.press("?", "Keys in the list").is_current("help.svg");
    demo.console.send("\x1b");
    demo.console.see_no_more("suspend it");
    demo.press(":sus", "suspend it").is_current("palette.svg");
}

#[test]
fn what_can_be_copied() {
    let mut demo = Demo::new(SMALL);
    demo.press("y", "the JSON").is_current("copy.svg");
}

#[test]
fn several_at_once() {
    let mut demo = Demo::new(WIDE);
    demo.press("jj  j ", "3 selected").press("s", "Suspend 3 organizations?");
    demo.is_current("several.svg");
}

#[test]
fn production() {
    let config = "[profiles.live]\ndemo = true\nproduction = true\n";
    let mut demo = Demo::with(SMALL, &["--profile", "live", "--theme", "dark"], DARK, config);
    demo.press("s", "Suspend").press("\r", "is production").is_current("production.svg");
}

/// An organization's life in half a minute, as it is recorded for the README.
#[test]
fn the_tour() {
    let mut demo = Demo::new(SMALL);
    demo.keep("tenantry --demo", 3.0);
    for (name, seconds) in [("acme_industries", 0.4), ("acme_labs", 1.2)] {
        demo.press("j", &format!("▌{name}")).press("", &looked_at(name)).keep("j  down", seconds);
    }
    demo.press("/", "enter keep").keep("/  filter", 0.8);
    demo.press("kow", "▌Kowalski").press("", &looked_at("kowalski_i_synowie")).keep("kow", 1.6);
    demo.press("\x1b", "/ filter")
        .press("", &looked_at("kowalski_i_synowie"))
        .keep("esc  all again", 1.0);
    demo.select("acme_l", "acme_labs");
    demo.press("", &looked_at("acme_labs"));
    demo.press("e", "Edit acme_labs").keep("e  edit", 1.0);
    demo.press("\x15Acme Laboratories", "Acme Laboratories").keep("a new name", 1.4);
    demo.press("\x13", "▌Acme Laboratories").press("", &looked_at("acme_laboratories"));
    demo.press("", "u undo").keep("^s  save: its collection moves along", 2.4);
    demo.press("u", "▌acme_labs").press("", &looked_at("acme_labs")).keep("u  undo", 2.0);
    demo.select("acme_c", "acme_corp").press("", &looked_at("acme_corp"));
    demo.press("d", "Log in as an admin").keep("d  trash: that takes a login", 1.6);
    demo.press("", "••••").keep("the password is filled in", 0.8);
    demo.press("\r", "the trash?")
        .press("", "stay reserved")
        .keep("what goes, and until when", 2.6);
    demo.press("\r", "35 organizations")
        .press("", "to the trash until")
        .keep("enter  into the trash", 2.0);
    demo.press("t", "1 in the trash").press("", "kept until").keep("t  the trash", 2.0);
    demo.press("R", "The trash is empty").keep("R  restore", 2.0);
    demo.press("t", "36 organizations").press("", "▌acme_corp").press("", &looked_at("acme_corp"));
    demo.press("\r\x1b[C", "code until").keep("enter, →  its admins", 1.6);
    demo.press("\x1b[C", "_id: ObjectId(").keep("→  its documents", 1.6);
    demo.press("\x1b", "n new").press(":", "type a command").keep(":  any command", 1.2);
    demo.press("sus", ": sus").press("", "suspend it").keep("sus", 1.6);
    demo.press("\x1b", "n new").press("y", "the JSON").keep("y  copy, over SSH too", 1.8);
    demo.press("\x1b", "n new").press("?", "Keys in the list").keep("?  all keys", 2.4);
    is_current("tour.svg", &svg::moving(&demo.tour, demo.paper));
}

/// What shows once the details of an organization are those of this one.
fn looked_at(slug: &str) -> String {
    format!("org_{slug}")
}
