//! Copying, taking back, and the mouse.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::*;
use crate::{
    console::view::{self, Spot},
    org::{InTrash, OrgState},
    store::SortKey,
};

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
    assert_eq!(notice(&app).what, "the id was not copied: there is no clipboard");
}

fn notice(app: &App) -> &Said {
    &app.notice.as_ref().unwrap_or_else(|| panic!("nothing said: {app:?}")).1
}

fn answer(app: &mut App, effects: &[Effect], now: Org) -> Vec<Effect> {
    let Some(Effect::Do(generation, deed, org, ..)) =
        effects.iter().find(|effect| matches!(effect, Effect::Do(..)))
    else {
        panic!("nothing is done: {effects:?}")
    };
    app.update(Message::Done(*generation, *deed, org.clone(), Ok(Some(now))))
}

fn in_trash(org: &Org) -> Org {
    let kept = InTrash { since: DateTime::from_millis(0), until: DateTime::from_millis(1) };
    Org { state: OrgState::InTrash(kept), revision: org.revision + 1, ..org.clone() }
}

#[test]
fn u_brings_back_what_just_went_to_the_trash() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('d'));
    let trashed = in_trash(&org(0, "org000"));
    let effects = control(&mut app, 's');
    answer(&mut app, &effects, trashed.clone());
    assert!(notice(&app).help.starts_with("u takes it back"));
    let effects = press(&mut app, KeyCode::Char('u'));
    let Some(Effect::Do(_, Deed::Restore, org, given, None)) = effects.last() else {
        panic!("{effects:?}")
    };
    assert_eq!((org.as_ref(), &given.name), (&trashed, &None));
    answer(&mut app, &effects, orgs(1).remove(0));
    press(&mut app, KeyCode::Char('u'));
    assert_eq!(notice(&app).what, "there is nothing to take back");
}

#[test]
fn u_reactivates_and_suspends_again() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('s'));
    let effects = control(&mut app, 's');
    let suspended = Org { state: OrgState::Suspended, revision: 2, ..org(0, "org000") };
    answer(&mut app, &effects, suspended);
    let effects = press(&mut app, KeyCode::Char('u'));
    assert!(matches!(effects.last(), Some(Effect::Do(_, Deed::Reactivate, ..))), "{effects:?}");
    answer(&mut app, &effects, Org { revision: 3, ..org(0, "org000") });
    let effects = press(&mut app, KeyCode::Char('u'));
    assert!(matches!(effects.last(), Some(Effect::Do(_, Deed::Suspend, ..))), "{effects:?}");
}

fn rename(app: &mut App, name: &str, revision: i64) {
    press(app, KeyCode::Char('e'));
    control(app, 'u');
    type_text(app, name);
    let effects = control(app, 's');
    let mut now = org(0, name);
    now.revision = revision;
    app.update(Message::Updated(generation!(effects, Update), Ok(now)));
}

#[test]
fn u_gives_the_old_name_back_also_after_another_edit() {
    let mut app = console(page(orgs(3), false, false));
    rename(&mut app, "globex", 2);
    // The same name again is no rename: what is taken back is the one before, from what is there now.
    press(&mut app, KeyCode::Char('e'));
    type_text(&mut app, "\t");
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "x");
    let effects = control(&mut app, 's');
    let mut now = org(0, "globex");
    now.revision = 3;
    app.update(Message::Updated(generation!(effects, Update), Ok(now)));
    let effects = press(&mut app, KeyCode::Char('u'));
    let Some(Effect::Do(_, Deed::Rename, org, given, _)) = effects.last() else {
        panic!("{effects:?}")
    };
    let before = given.before.as_deref().map(|before| before.name.raw());
    assert_eq!((org.revision, before), (3, Some("org000")));
}

#[test]
fn u_is_refused_like_any_other_deed_where_nothing_can_be_written() {
    let mut app = console(page(orgs(3), false, false));
    rename(&mut app, "globex", 2);
    let Connection::Ready(connected) = &mut app.connection else { panic!("connected") };
    connected.read_only = Some("it was asked for".to_owned());
    assert!(press(&mut app, KeyCode::Char('u')).is_empty());
    assert_eq!(app.notice.as_ref().map(|(mood, _)| *mood), Some(Mood::Bad));
    assert!(app.undo.is_some());
}

#[test]
fn u_can_be_tried_again_where_the_database_was_away_and_not_where_it_cannot_be_any_more() {
    let mut app = console(page(orgs(3), false, false));
    rename(&mut app, "globex", 2);
    let failed = |app: &mut App, error: Error| {
        let effects = press(app, KeyCode::Char('u'));
        // Pressed twice it is done once.
        assert!(press(app, KeyCode::Char('u')).is_empty());
        let Some(Effect::Do(generation, deed, org, ..)) = effects.last() else {
            panic!("{effects:?}")
        };
        app.update(Message::Done(*generation, *deed, org.clone(), Err(error)));
    };
    let away = || StoreError::Unreachable { address: "h".into(), problem: "gone".into() };
    failed(&mut app, away().into());
    failed(&mut app, away().into());
    failed(&mut app, Error::Changed("globex".into()));
    assert!(app.undo.is_none());
}

fn with_mouse(width: u16, height: u16) -> App {
    let mut app = console_sized(page(orgs(30), false, false), width, height);
    press(&mut app, KeyCode::Char('m'));
    app
}

fn mouse(app: &mut App, kind: MouseEventKind, column: u16, row: u16) -> Vec<Effect> {
    let modifiers = KeyModifiers::NONE;
    app.update(Message::Mouse(MouseEvent { kind, column, row, modifiers }))
}

fn click(app: &mut App, column: u16, row: u16) -> Vec<Effect> {
    let effects = mouse(app, MouseEventKind::Down(MouseButton::Left), column, row);
    mouse(app, MouseEventKind::Up(MouseButton::Left), column, row);
    effects
}

/// The first place where this is drawn.
fn find(app: &App, wanted: Spot) -> (u16, u16) {
    let (width, height) = app.size;
    let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let mut all = all.filter(|(x, y)| view::spot(app, *x, *y) == Some(wanted));
    all.next().unwrap_or_else(|| panic!("{wanted:?} is nowhere"))
}

#[test]
fn a_click_selects_a_row_and_a_second_one_soon_opens_it() {
    let mut app = with_mouse(80, 24);
    let (x, y) = find(&app, Spot::Row(4));
    click(&mut app, x, y);
    assert_eq!((app.list.selected, app.pane), (4, Pane::List));
    later(&mut app, Duration::from_millis(600));
    click(&mut app, x, y);
    assert_eq!(app.pane, Pane::List, "that was too late to be a double-click");
    later(&mut app, Duration::from_millis(200));
    click(&mut app, x, y);
    assert_eq!(app.pane, Pane::Detail);
}

#[test]
fn the_wheel_moves_what_it_is_over_and_the_keys_stay_where_they_were() {
    let mut app = with_mouse(120, 32);
    let (x, y) = find(&app, Spot::Row(0));
    mouse(&mut app, MouseEventKind::ScrollDown, x, y);
    assert_eq!(app.list.selected, 3);
    mouse(&mut app, MouseEventKind::ScrollUp, x, y);
    assert_eq!(app.list.selected, 0);
    app.pane = Pane::Detail;
    mouse(&mut app, MouseEventKind::ScrollDown, x, y);
    assert_eq!((app.list.selected, app.pane), (3, Pane::Detail));
}

#[test]
fn the_line_between_list_and_details_is_dragged_within_what_both_need() {
    let mut app = with_mouse(120, 32);
    let (x, y) = find(&app, Spot::Divider);
    assert_eq!(x, 60);
    mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), 70, y);
    assert_eq!(app.areas().unwrap().divider.x, 60, "nothing was taken hold of");
    mouse(&mut app, MouseEventKind::Down(MouseButton::Left), x, y);
    for (dragged, at) in [(70, 70), (3, 40), (119, 78), (50, 50)] {
        mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), dragged, y);
        assert_eq!(app.areas().unwrap().divider.x, at);
    }
    mouse(&mut app, MouseEventKind::Up(MouseButton::Left), 50, y);
    mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), 70, y);
    assert_eq!(app.areas().unwrap().divider.x, 50);
}

#[test]
fn tabs_headers_hints_and_the_filter_are_clicked() {
    let mut app = with_mouse(120, 32);
    let (x, y) = find(&app, Spot::Tab(Tab::Documents));
    click(&mut app, x, y);
    assert_eq!((app.detail.tab, app.pane), (Tab::Documents, Pane::Detail));
    let (x, y) = find(&app, Spot::Header(SortKey::Email));
    let effects = click(&mut app, x, y);
    assert_eq!((app.list.sort.key, app.list.sort.descending), (SortKey::Email, false));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadPage(..))));
    click(&mut app, x, y);
    assert!(app.list.sort.descending);
    let (x, y) = find(&app, Spot::Filter);
    click(&mut app, x, y);
    assert_eq!(app.focus(), keymap::Place::Filter);
    let (x, y) = find(&app, Spot::Row(2));
    click(&mut app, x, y);
    assert_eq!((app.focus(), app.list.selected), (keymap::Place::List, 2));
    let (x, y) = find(&app, Spot::Hint(keymap::Command::New));
    click(&mut app, x, y);
    assert!(matches!(top_form(&app).purpose, Purpose::Create));
    let (x, y) = find(&app, Spot::Hint(keymap::Command::Back));
    click(&mut app, x, y);
    assert!(app.layers.is_empty());
}

#[test]
fn a_command_in_the_help_is_clicked_twice() {
    let mut app = with_mouse(80, 24);
    press(&mut app, KeyCode::Char('?'));
    let Some(Layer::Help(help)) = app.layers.last() else { panic!("no help") };
    let at = app.found(help).iter().position(|choice| choice.name() == "new").unwrap();
    let (x, y) = find(&app, Spot::Choice(at));
    click(&mut app, x, y);
    click(&mut app, x, y);
    assert!(matches!(top_form(&app).purpose, Purpose::Create));
}

#[test]
fn left_to_the_terminal_the_mouse_does_nothing_here() {
    let mut app = with_mouse(80, 24);
    assert!(matches!(press(&mut app, KeyCode::Char('m'))[..], [Effect::Mouse(false)]));
    let (x, y) = find(&app, Spot::Row(4));
    click(&mut app, x, y);
    assert_eq!(app.list.selected, 0);
}

#[test]
fn a_field_is_clicked_and_what_was_left_is_judged() {
    let mut app = with_mouse(80, 24);
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let (x, y) = find(&app, Spot::Field(2));
    let effects = click(&mut app, x, y);
    assert!(matches!(effects[..], [Effect::Check(..)]), "{effects:?}");
    type_text(&mut app, "secret");
    let form = top_form(&app);
    assert_eq!((form.focus, form.fields[2].text()), (2, "secret"));
    // Its own place does nothing, and neither does the room between two.
    let (x, y) = find(&app, Spot::Field(2));
    assert!(click(&mut app, x, y).is_empty());
    let (x, y) = find(&app, Spot::Layer);
    assert!(click(&mut app, x, y).is_empty());
    assert_eq!(top_form(&app).focus, 2);
    // On the smallest screen, where it scrolls, too.
    app.update(Message::Resize(40, 10));
    let (x, y) = find(&app, Spot::Field(1));
    click(&mut app, x, y);
    assert_eq!(top_form(&app).focus, 1);
}

#[test]
fn what_is_said_names_the_keys_that_were_chosen() {
    let mut app = console(page(orgs(3), false, false));
    app.keymap = Keymap::with(&[
        ("refresh".to_owned(), vec!["f5".parse().unwrap()]),
        ("back".to_owned(), vec!["f9".parse().unwrap()]),
    ])
    .unwrap();
    let effects = press(&mut app, KeyCode::F(5));
    let failed = Err(Error::Machine("no".to_owned()));
    app.update(Message::Page(generation!(effects, LoadPage), failed));
    assert!(notice(&app).help.ends_with("; F5 reads it again"), "{:?}", notice(&app));
    press(&mut app, KeyCode::Char('e'));
    control(&mut app, 's');
    assert_eq!(top_form(&app).problem.as_ref().unwrap().help, "change a field, or leave with F9");
}
