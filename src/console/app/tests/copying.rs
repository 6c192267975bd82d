//! What is copied, and what the terminal says to it.

use super::*;

pub(super) fn notice(app: &App) -> &Notice {
    &app.notice.as_ref().unwrap_or_else(|| panic!("nothing said: {app:?}")).1
}

fn copied(app: &mut App, key: char) -> (&'static str, String) {
    press(app, KeyCode::Char('y'));
    let effects = press(app, KeyCode::Char(key));
    match &effects[..] {
        [Effect::Copy(what, text)] => (what, text.reveal().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_side_of_an_organization_is_copied_with_two_keys() {
    let mut app = console(page(orgs(3), false, false));
    assert_eq!(copied(&mut app, 'n'), ("the name", "org000".to_owned()));
    assert_eq!(copied(&mut app, 'i').1, orgs(1)[0].id.to_hex());
    assert_eq!(copied(&mut app, 'e').1, "org000@example.com");
    assert_eq!(copied(&mut app, 'c').1, "mongodb://ops@db1.example/m");
    let json: serde_json::Value = serde_json::from_str(&copied(&mut app, 'j').1).unwrap();
    assert_eq!(json["organization_name"], "org000");
    assert_eq!(json["collection_name"], "org_org000");
    assert!(json["connection_details"].is_object());
    assert!(app.layers.is_empty());
}

#[test]
fn a_name_is_copied_as_it_is_stored_and_json_hides_nothing() {
    let mut hostile = org(0, "x");
    hostile.name = "a\u{202e}\u{1b}[2Jb".into();
    let mut app = console(page(vec![hostile], false, false));
    assert_eq!(copied(&mut app, 'n').1, "a\u{202e}\u{1b}[2Jb");
    let json = copied(&mut app, 'j').1;
    assert!(json.contains("\\u202e") && !json.contains('\u{1b}'), "{json}");
}

#[test]
fn what_the_terminal_refuses_is_said() {
    let mut app = console(page(orgs(3), false, false));
    app.update(Message::Copied("the id", Ok(Arrived::Known)));
    assert_eq!(notice(&app).what, "copied the id");
    app.update(Message::Copied("the id", Ok(Arrived::Unknown)));
    assert_eq!(notice(&app).what, "sent the id to the terminal's clipboard");
    assert!(notice(&app).help.contains("select it with the mouse"), "{:?}", notice(&app));
    app.update(Message::Copied("the id", Err("there is no clipboard".to_owned())));
    assert_eq!(notice(&app).what, "cannot copy the id: there is no clipboard");
}
