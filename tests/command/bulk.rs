//! One command for several organizations: a line for each, and the exit code of the worst.

use serde_json::Value;

use crate::{
    support::pty::Console,
    tool::{Home, Outcome, PASSWORD, PROGRAM},
};

const OPS: &str = "ops@example.com";

/// Three organizations.
fn three() -> Home {
    let home = Home::new();
    for (name, email) in
        [("acme", "ada@acme.com"), ("globex", "kim@globex.com"), ("Big Co", "joe@big.com")]
    {
        home.create(name, email);
    }
    home
}

/// The lines of an answer that has one for each name.
fn lines(outcome: &Outcome) -> Vec<Value> {
    assert_eq!(outcome.err, "", "{outcome:?}");
    outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn results(outcome: &Outcome) -> Vec<(String, String)> {
    let word = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines(outcome).iter().map(|line| (word(line, "name"), word(line, "result"))).collect()
}

fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, result)| ((*name).to_owned(), (*result).to_owned())).collect()
}

/// How many organizations are listed.
fn listed(home: &Home) -> usize {
    home.list()["organizations"].as_array().unwrap().len()
}

#[test]
fn each_is_done_or_not_and_the_worst_is_the_exit_code() {
    let home = three();
    let said = home.run(&["org", "suspend", "acme", "nothing", "BIG CO"]);
    assert_eq!(said.code, 3);
    let done = of(&[("acme", "done"), ("nothing", "failed"), ("BIG CO", "done")]);
    assert_eq!(results(&said), done);
    let [acme, nothing, _] = &lines(&said)[..] else { panic!("{said:?}") };
    assert_eq!(acme["operation"], "suspend");
    assert_eq!(acme["organization"]["state"], "suspended");
    assert_eq!(nothing["error"]["code"], "not_found");
    assert_eq!(nothing["error"]["help"], "find its name with `tenantry org list`");
    let said = home.run(&["org", "reactivate", "acme", "Big Co", "globex"]);
    assert_eq!((said.code, lines(&said).len()), (0, 3));
    // One name answers as ever.
    assert_eq!(home.run(&["org", "suspend", "acme"]).json()["state"], "suspended");
    // For people, a line each and the numbers.
    let said = home.run(&["org", "reactivate", "acme", "gone", "--output", "table"]);
    assert_eq!(said.code, 3);
    let shown = "“acme” reactivated\n✗ “gone”: organization “gone” not found\n  \
                 → find its name with `tenantry org list`\n\n1 done, 1 failed\n";
    assert_eq!(said.out, shown);
    home.run(&["org", "restore", "acme", "globex", "--name", "new"])
        .fails(2, "--name is for one organization");
    home.run(&["org", "suspend", "-", "acme"]).fails(2, "either arguments or on standard input");
}

#[test]
fn names_come_on_standard_input_and_a_dry_run_changes_nothing() {
    let home = three();
    let before = std::fs::read(home.database()).unwrap();
    let said =
        home.run_with(&["org", "suspend", "-", "--dry-run"], "acme\n\n  Big Co \r\nnothing\n");
    let would =
        of(&[("acme", "would be done"), ("Big Co", "would be done"), ("nothing", "failed")]);
    assert_eq!((said.code, results(&said)), (3, would));
    assert_eq!(std::fs::read(home.database()).unwrap(), before);
    home.run_with(&["org", "suspend", "-"], "\n").fails(2, "no names on standard input");
    // One alone as well.
    let said = home.run(&["org", "suspend", "acme", "--dry-run"]);
    assert_eq!(results(&said), of(&[("acme", "would be done")]));
    assert_eq!(std::fs::read(home.database()).unwrap(), before);
    let said = home.run(&["org", "restore", "acme", "--dry-run"]);
    assert_eq!((said.code, results(&said)), (3, of(&[("acme", "failed")])));
    let said = home.run_with(&["org", "suspend", "-"], "acme\nglobex");
    assert_eq!((said.code, lines(&said).len()), (0, 2));
    // What would be the same for each is said once.
    let said = home.run(&["org", "reactivate", "acme", "globex", "--read-only"]);
    assert_eq!(said.code, 5);
    assert_eq!(results(&said), of(&[("acme", "failed"), ("globex", "not tried")]));
}

#[test]
fn an_operator_trashes_restores_and_purges_several_with_one_login() {
    let home = three();
    home.run_with(&["operator", "add", OPS, "--password-stdin"], PASSWORD).json();
    let trash = ["org", "trash", "acme", "globex", "Big Co", "--as", OPS, "--password-stdin"];
    home.run_with(&trash, PASSWORD).fails(2, "no terminal to confirm");
    let dry = home.run_with(&[&trash[..], &["--dry-run"]].concat(), PASSWORD);
    assert_eq!((dry.code, lines(&dry).len()), (0, 3));
    assert_eq!(listed(&home), 3);
    let said = home.run_with(&[&trash[..], &["--yes"]].concat(), PASSWORD);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        lines(&said).iter().all(|line| line["organization"]["state"] == "in_trash"),
        "{said:?}"
    );
    let said = home.run(&["org", "restore", "globex", "acme", "GLOBEX"]);
    // A name given twice is meant once, however it is spelled.
    let restored = of(&[("globex", "done"), ("acme", "done")]);
    assert_eq!((said.code, results(&said)), (0, restored));
    // The password first, then the names.
    let purge = ["org", "purge", "-", "--as", OPS, "--password-stdin", "--yes"];
    let said = home.run_with(&purge, &format!("{PASSWORD}\nBig Co\nacme\n"));
    assert_eq!((said.code, results(&said)), (3, of(&[("Big Co", "done"), ("acme", "failed")])));
    assert_eq!(listed(&home), 2);
    // An owner deletes their own organization, and no other.
    let trash = ["org", "trash", "acme", "globex", "--as", "kim@globex.com", "--password-stdin"];
    let said = home.run_with(&[&trash[..], &["--yes"]].concat(), PASSWORD);
    assert_eq!((said.code, results(&said)), (5, of(&[("acme", "failed"), ("globex", "done")])));
}

#[test]
fn a_terminal_asks_for_the_number_of_what_is_deleted() {
    let home = three();
    home.run_with(&["operator", "add", OPS, "--password-stdin"], PASSWORD).json();
    let run = |number: &str| {
        let variables: Vec<(&str, &str)> =
            home.variables().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let trash = ["org", "trash", "acme", "globex", "--as", OPS];
        let mut console =
            Console::run(PROGRAM.as_ref(), &trash, &variables, (80, 24), &home.path(""));
        console.see("Password of ops@example.com: ");
        console.send(&format!("{PASSWORD}\r"));
        console.see("Move to the trash: 2 organizations. Type 2 to continue: ");
        console.send(&format!("{number}\r"));
        console.end()
    };
    let (code, _) = run("3");
    assert_eq!((code, listed(&home)), (1, 3));
    let (code, screen) = run("2");
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("“globex” moved to the trash") && screen.contains("2 done"),
        "{screen}"
    );
    assert_eq!(listed(&home), 1);
}
