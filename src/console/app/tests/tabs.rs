//! What keys mean in the tabs: each acts on what the tab shows, or says that it does not.

use super::*;
use crate::keymap::{COMMANDS, Command, Place as Focus};

/// A console that looks at a tab of the first of three organizations.
fn in_tab(tab: Tab) -> App {
    let mut app = console_sized(page(orgs(3), false, false), 120, 40);
    press(&mut app, KeyCode::Enter);
    while app.detail.tab != tab {
        press(&mut app, KeyCode::Right);
    }
    assert_eq!(app.pane, Pane::Detail);
    app
}

/// The same in the trash.
fn in_trashed_tab(tab: Tab) -> App {
    let mut app = console_sized(page(orgs(3), false, false), 120, 40);
    let effects = press(&mut app, KeyCode::Char('t'));
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(3), false, false))));
    press(&mut app, KeyCode::Enter);
    while app.detail.tab != tab {
        press(&mut app, KeyCode::Right);
    }
    app
}

/// Presses a key that must do nothing but say so. What it says.
fn refused(app: &mut App, key: char) -> String {
    let effects = press(app, KeyCode::Char(key));
    assert!(effects.is_empty(), "{key}: {effects:?}");
    assert!(app.layers.is_empty(), "{key}: {:?}", app.layers);
    assert!(!app.list.filtering && app.pane == Pane::Detail, "{key}");
    let (severity, said) = app.notice.clone().unwrap_or_else(|| panic!("{key}: nothing is said"));
    assert_eq!(severity, Severity::Warning);
    said.what
}

#[test]
fn a_slash_filters_the_list_from_every_tab_but_that_of_documents() {
    for tab in [Tab::Overview, Tab::Admins, Tab::Activity] {
        let mut app = in_tab(tab);
        type_text(&mut app, "/nds");
        assert_eq!(app.focus(), keymap::Place::Filter, "{tab:?}");
        assert_eq!(app.list.filter.text(), "nds", "{tab:?}");
        assert!(app.layers.is_empty(), "{tab:?}");
    }
}

#[test]
fn no_key_in_documents_or_activity_acts_on_the_organization() {
    for (tab, word) in [(Tab::Documents, "Documents"), (Tab::Activity, "Activity")] {
        for key in "edDnsoOyL ".chars() {
            let said = refused(&mut in_tab(tab), key);
            let key = if key == ' ' { "space".to_owned() } else { key.to_string() };
            assert_eq!(said, format!("“{key}” does not work in the {word} tab"));
        }
        for key in "RdDoOy ".chars() {
            refused(&mut in_trashed_tab(tab), key);
        }
    }
}

#[test]
fn no_key_among_the_admins_acts_on_the_organization() {
    for key in "DnsoO".chars() {
        assert!(refused(&mut in_tab(Tab::Admins), key).ends_with("the Admins tab"), "{key}");
    }
    for key in "RdDoO".chars() {
        assert!(refused(&mut in_trashed_tab(Tab::Admins), key).ends_with("the Admins tab"));
    }
}

#[test]
fn the_overview_does_not_sort_the_list_beside_it() {
    for key in "oO".chars() {
        assert!(refused(&mut in_tab(Tab::Overview), key).ends_with("the Overview tab"), "{key}");
        refused(&mut in_trashed_tab(Tab::Overview), key);
    }
    let mut app = in_tab(Tab::Overview);
    press(&mut app, KeyCode::Char('d'));
    assert!(matches!(app.layers.last(), Some(Layer::Question(q)) if q.action == OrgAction::Trash));
}

#[test]
fn what_is_said_of_such_a_key_is_gone_with_the_next_one() {
    let mut app = in_tab(Tab::Documents);
    refused(&mut app, 'd');
    assert_eq!(
        app.notice.as_ref().map(|(_, said)| said.help.as_str()),
        Some("it acts on organizations: press esc to go back to the list")
    );
    press(&mut app, KeyCode::Esc);
    assert_eq!((app.notice.is_none(), app.pane), (true, Pane::List));
}

#[test]
fn the_help_of_a_tab_offers_only_what_works_there() {
    let mut app = in_tab(Tab::Documents);
    press(&mut app, KeyCode::Char('?'));
    let Some(Layer::Help(help)) = app.layers.last() else { panic!("{:?}", app.layers) };
    let names: Vec<_> = app.found(help).iter().map(Choice::name).collect();
    for name in ["trash", "edit", "delete", "filter", "suspend"] {
        assert!(!names.iter().any(|other| other == name), "{names:?}");
    }
    for name in ["down", "next-tab", "refresh", "back"] {
        assert!(names.iter().any(|other| other == name), "{names:?}");
    }
}

#[test]
fn nothing_that_writes_works_where_things_are_only_read() {
    let reading = [Focus::Documents, Focus::Activity, Focus::TrashedAdmins];
    for row in COMMANDS.iter().filter(|row| row.command.writes()) {
        let here = reading.iter().any(|place| row.places.contains(place));
        // Undo is about what was done last, wherever that was.
        assert!(!here || row.command == Command::Undo, "{}", row.name);
    }
}

#[test]
fn among_the_admins_the_selected_ones_email_is_copied() {
    let of = org(0, "org000");
    for mut app in [in_tab(Tab::Admins), in_trashed_tab(Tab::Admins)] {
        let second = Admin { email: "eve@example.com".into(), ..admin_of(&of) };
        app.detail.admins = Some(vec![admin_of(&of), second]);
        press(&mut app, KeyCode::Char('j'));
        let effects = press(&mut app, KeyCode::Char('y'));
        let [Effect::Copy("the e-mail", text)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(text.reveal(), "eve@example.com");
    }
}

#[test]
fn a_paste_where_nothing_is_typed_is_no_success() {
    let mut app = console(page(orgs(3), false, false));
    app.update(Message::Paste("d".into()));
    assert_eq!(
        app.notice.clone().map(|(severity, said)| (severity, said.what)),
        Some((Severity::Warning, "paste ignored: no text field is active".to_owned()))
    );
}
