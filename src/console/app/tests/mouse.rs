//! The mouse: what is clicked, turned and dragged.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::*;
use crate::store::SortKey;

fn row(number: u8) -> HitTarget {
    HitTarget::Row(org(number, "").id)
}

fn with_mouse(width: u16, height: u16) -> App {
    let mut app = console_sized(page(orgs(30), false, false), width, height);
    press(&mut app, KeyCode::Char('m'));
    app
}

fn mouse(app: &mut App, kind: MouseEventKind, column: u16, row: u16) -> Vec<Effect> {
    let modifiers = KeyModifiers::NONE;
    let effects = app.update(Message::Mouse(MouseEvent { kind, column, row, modifiers }));
    draw(app);
    effects
}

fn click(app: &mut App, column: u16, row: u16) -> Vec<Effect> {
    let effects = mouse(app, MouseEventKind::Down(MouseButton::Left), column, row);
    mouse(app, MouseEventKind::Up(MouseButton::Left), column, row);
    effects
}

/// The first place where this is drawn.
fn find(app: &mut App, wanted: HitTarget) -> (u16, u16) {
    draw(app);
    let (width, height) = app.size;
    let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let mut all = all.filter(|(x, y)| app.drawn.hit(*x, *y) == Some(wanted));
    all.next().unwrap_or_else(|| panic!("{wanted:?} is nowhere"))
}

#[test]
fn a_click_selects_a_row_and_a_second_one_soon_opens_it() {
    let mut app = with_mouse(80, 24);
    let (x, y) = find(&mut app, row(4));
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
fn a_click_is_about_what_was_seen_whatever_came_before_the_next_frame() {
    let mut app = with_mouse(80, 24);
    let (x, y) = find(&mut app, row(4));
    let down = |app: &mut App| {
        let (kind, modifiers) = (MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
        app.update(Message::Mouse(MouseEvent { kind, column: x, row: y, modifiers }))
    };
    // The list is another one by now: what was clicked is selected, not what came in its place.
    let again = generation!(app.update(Message::Key(KeyCode::Char('r').into())), LoadPage);
    let fewer = (2..20).map(|number| org(number, &format!("org{number:03}"))).collect();
    app.update(Message::Page(again, Ok(page(fewer, false, false))));
    down(&mut app);
    assert_eq!(app.list.selected().unwrap().id, org(4, "").id);
    // It is not there any more.
    let again = generation!(app.update(Message::Key(KeyCode::Char('r').into())), LoadPage);
    app.update(Message::Page(again, Ok(page(orgs(3), false, false))));
    let before = app.list.selected;
    down(&mut app);
    assert_eq!((app.list.selected, app.pane), (before, Pane::List));
    // A form has covered it.
    app.update(Message::Key(KeyCode::Char('n').into()));
    assert!(down(&mut app).is_empty());
    assert_eq!(app.list.selected, before);
}

#[test]
fn a_key_before_the_first_frame_neither_scrolls_nor_panics() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.mouse = true;
    app.update(Message::Resize(120, 32));
    app.update(Message::Connected(generation!(effects, Connect), Ok(connected())));
    for key in ['M', 'k', 'G', 'g', 'M'] {
        app.update(Message::Key(KeyCode::Char(key).into()));
    }
    app.pane = Pane::Detail;
    for tab in Tab::ALL.iter().copied() {
        app.detail.tab = tab;
        for key in [KeyCode::PageDown, KeyCode::End, KeyCode::Up, KeyCode::Home] {
            app.update(Message::Key(key.into()));
            assert_eq!((app.detail.scroll, app.detail.selected), (0, 0));
        }
    }
    for kind in [MouseEventKind::Down(MouseButton::Left), MouseEventKind::ScrollDown] {
        mouse(&mut app, kind, 5, 5);
    }
}

#[test]
fn the_wheel_moves_what_it_is_over_and_the_keys_stay_where_they_were() {
    let mut app = with_mouse(120, 32);
    let (x, y) = find(&mut app, row(0));
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
    let (x, y) = find(&mut app, HitTarget::Divider);
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
    let (x, y) = find(&mut app, HitTarget::Tab(Tab::Documents));
    click(&mut app, x, y);
    assert_eq!((app.detail.tab, app.pane), (Tab::Documents, Pane::Detail));
    let (x, y) = find(&mut app, HitTarget::Header(SortKey::Email));
    let effects = click(&mut app, x, y);
    assert_eq!((app.list.sort.key, app.list.sort.descending), (SortKey::Email, false));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadPage(..))));
    click(&mut app, x, y);
    assert!(app.list.sort.descending);
    let (x, y) = find(&mut app, HitTarget::Filter);
    click(&mut app, x, y);
    assert_eq!(app.focus(), keymap::Place::Filter);
    let (x, y) = find(&mut app, row(2));
    click(&mut app, x, y);
    assert_eq!((app.focus(), app.list.selected), (keymap::Place::List, 2));
    let (x, y) = find(&mut app, HitTarget::Hint(keymap::Command::New));
    click(&mut app, x, y);
    assert!(matches!(top_form(&app).purpose, Purpose::Create));
    let (x, y) = find(&mut app, HitTarget::Hint(keymap::Command::Back));
    click(&mut app, x, y);
    assert!(app.layers.is_empty());
}

#[test]
fn a_command_in_the_help_is_clicked_twice() {
    let mut app = with_mouse(80, 24);
    press(&mut app, KeyCode::Char('?'));
    let Some(Layer::Help(help)) = app.layers.last() else { panic!("no help") };
    let at = app.found(help).iter().position(|choice| choice.name() == "new").unwrap();
    let (x, y) = find(&mut app, HitTarget::Choice(at));
    click(&mut app, x, y);
    click(&mut app, x, y);
    assert!(matches!(top_form(&app).purpose, Purpose::Create));
}

#[test]
fn left_to_the_terminal_the_mouse_does_nothing_here() {
    let mut app = with_mouse(80, 24);
    assert!(matches!(press(&mut app, KeyCode::Char('m'))[..], [Effect::Mouse(false)]));
    let (x, y) = find(&mut app, row(4));
    click(&mut app, x, y);
    assert_eq!(app.list.selected, 0);
}

#[test]
fn a_field_is_clicked_and_what_was_left_is_judged() {
    let mut app = with_mouse(80, 24);
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    let (x, y) = find(&mut app, HitTarget::Field(2));
    let effects = click(&mut app, x, y);
    assert!(matches!(effects[..], [Effect::Check(..)]), "{effects:?}");
    type_text(&mut app, "secret");
    let form = top_form(&app);
    assert_eq!((form.focus, form.fields[2].text()), (2, "secret"));
    // Its own place does nothing, and neither does the room between two.
    let (x, y) = find(&mut app, HitTarget::Field(2));
    assert!(click(&mut app, x, y).is_empty());
    let (x, y) = find(&mut app, HitTarget::Layer);
    assert!(click(&mut app, x, y).is_empty());
    assert_eq!(top_form(&app).focus, 2);
    // On the smallest screen, where it scrolls, too.
    app.update(Message::Resize(40, 10));
    let (x, y) = find(&mut app, HitTarget::Field(1));
    click(&mut app, x, y);
    assert_eq!(top_form(&app).focus, 1);
}
