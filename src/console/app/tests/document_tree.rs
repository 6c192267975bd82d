//! One document as a tree, and one of its values changed in place.

use bson::RawDocumentBuf;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{
    documents::{asked, browsing, documents},
    palette::profile,
    *,
};
use crate::{
    console::app::{
        Changes, DocumentRow, DocumentRows, DocumentsAnswer, DocumentsAsked, Merge, RowAction,
    },
    document::{self, ConflictLine, ShownValue, Tree},
    org::OperatorRole,
    store::DocumentWrite,
};

const TEXT: &str =
    "{ _id: 1, name: 'Ada', address: { city: 'Oslo', zip: [1, 2] }, tags: ['a', 'b'] }";

fn parsed(text: &str) -> RawDocumentBuf {
    document::parse(text).unwrap()
}

fn tree_of(document: RawDocumentBuf) -> Box<Tree> {
    Box::new(Tree::new(document).unwrap())
}

/// Answers the newest question for the document.
fn read(app: &mut App, effects: &[Effect], text: &str) {
    let read = asked(effects).into_iter().find_map(|(generation, asked)| match asked {
        DocumentsAsked::One(_, folds) => Some((generation, folds)),
        _ => None,
    });
    let (generation, folds) = read.unwrap_or_else(|| panic!("{effects:?}"));
    let tree = tree_of(parsed(text));
    let tree = folds.map(|folds| Box::new(tree.clone().folded_like(&folds))).unwrap_or(tree);
    app.update(Message::Browsed(generation, DocumentsAnswer::One(Ok(tree))));
}

/// A console with this document open.
fn opened(text: &str) -> App {
    let mut app = browsing();
    let effects = press(&mut app, KeyCode::Enter);
    read(&mut app, &effects, text);
    app
}

fn open(app: &App) -> &OpenDocument {
    documents(app).open.as_ref().unwrap()
}

/// The selected row, as its path.
fn on(app: &App) -> String {
    let open = open(app);
    open.tree.as_ref().unwrap().path(open.selected).unwrap().to_string()
}

fn len(app: &App) -> usize {
    open(app).tree.as_ref().unwrap().len()
}

fn keys(app: &mut App, keys: &str) {
    type_text(app, keys);
}

fn typing(app: &App) -> &ValueChange {
    open(app).change.as_ref().unwrap()
}

#[test]
fn a_document_folds_and_one_moves_in_it() {
    let mut app = opened(TEXT);
    assert_eq!((len(&app), on(&app).as_str()), (10, "_id"));
    keys(&mut app, "4j");
    assert_eq!(on(&app), "address.zip");
    keys(&mut app, "h");
    assert_eq!((on(&app).as_str(), len(&app)), ("address.zip", 8));
    // What is folded is left for what it is in.
    keys(&mut app, "h");
    assert_eq!(on(&app), "address");
    press(&mut app, KeyCode::Left);
    assert_eq!((on(&app).as_str(), len(&app)), ("address", 6));
    press(&mut app, KeyCode::Left);
    assert_eq!(on(&app), "address", "the document itself is no row");
    // Its own folds are as they were.
    press(&mut app, KeyCode::Enter);
    assert_eq!(len(&app), 8);
    press(&mut app, KeyCode::Right);
    assert_eq!(on(&app), "address.city");
    keys(&mut app, "l ");
    assert_eq!((on(&app).as_str(), len(&app)), ("address.city", 8), "a value does not fold");
    keys(&mut app, "j ");
    assert_eq!(len(&app), 10);
    keys(&mut app, "l-");
    assert_eq!((on(&app).as_str(), len(&app)), ("address", 4));
    keys(&mut app, "*");
    assert_eq!((on(&app).as_str(), len(&app)), ("address", 10));
    keys(&mut app, "G");
    assert_eq!(on(&app), "tags[1]");
    keys(&mut app, "3g");
    assert_eq!(on(&app), "address");
    keys(&mut app, "kg");
    assert_eq!(on(&app), "_id");
    press(&mut app, KeyCode::Esc);
    assert!(documents(&app).open.is_none());
}

#[test]
fn the_selected_row_stays_on_the_screen() {
    let numbers: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let mut app = opened(&format!("{{ a: [{}] }}", numbers.join(", ")));
    keys(&mut app, "lG");
    let height = app.document_rows();
    assert_eq!((open(&app).selected, open(&app).top), (1000, 1001 - height));
    press(&mut app, KeyCode::PageUp);
    assert_eq!((open(&app).selected, open(&app).top), (1000 - height, 1000 - height));
    keys(&mut app, "-");
    assert_eq!((open(&app).selected, open(&app).top), (0, 0));
}

#[test]
fn a_click_selects_and_on_the_marker_it_folds() {
    let mut app = opened(TEXT);
    app.mouse = true;
    draw(&mut app);
    let click = |app: &mut App, target: HitTarget| {
        let all = (0..24).flat_map(|y| (0..80).map(move |x| (x, y)));
        let (column, row) =
            all.clone().find(|(x, y)| app.drawn.hit(*x, *y) == Some(target)).unwrap();
        let (kind, modifiers) = (MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
        let effects = app.update(Message::Mouse(MouseEvent { kind, column, row, modifiers }));
        draw(app);
        effects
    };
    click(&mut app, HitTarget::TreeRow(3));
    assert_eq!((on(&app).as_str(), len(&app)), ("address.city", 10));
    click(&mut app, HitTarget::TreeMarker(2));
    assert_eq!((on(&app).as_str(), len(&app)), ("address", 6));
    click(&mut app, HitTarget::TreeRow(1));
    click(&mut app, HitTarget::TreeRow(1));
    assert_eq!(typing(&app).field.text(), "\"Ada\"", "a second click opens");
    click(&mut app, HitTarget::TreeRow(3));
    assert_eq!(on(&app), "name", "the field stays where it is");
}

#[test]
fn a_refresh_keeps_what_is_unfolded_and_selected() {
    let mut app = opened(TEXT);
    keys(&mut app, "4jhj");
    assert_eq!((on(&app).as_str(), len(&app)), ("tags", 8));
    let effects = press(&mut app, KeyCode::Char('r'));
    read(&mut app, &effects, "{ _id: 1, a: [0], address: { zip: [1, 2, 3] }, tags: ['b'] }");
    assert_eq!((on(&app).as_str(), len(&app)), ("tags", 7));
    // What is gone leaves the selection on what it was in.
    keys(&mut app, "l");
    assert_eq!(on(&app), "tags[0]");
    let effects = press(&mut app, KeyCode::Char('r'));
    read(&mut app, &effects, "{ _id: 1, tags: 7 }");
    assert_eq!(on(&app), "tags");
    // An error leaves the document where it is.
    let effects = press(&mut app, KeyCode::Char('r'));
    let (generation, _) = asked(&effects).remove(0);
    let lost = Error::Store(StoreError::Other("the server went away".into()));
    app.update(Message::Browsed(generation, DocumentsAnswer::One(Err(lost))));
    assert_eq!(on(&app), "tags");
    assert!(matches!(app.notice, Some((Severity::Error, _))));
    let effects = press(&mut app, KeyCode::Char('r'));
    let (generation, _) = asked(&effects).remove(0);
    let gone = Error::NoSuchDocument("org".into());
    app.update(Message::Browsed(generation, DocumentsAnswer::One(Err(gone))));
    assert!(open(&app).tree.is_none() && open(&app).problem.is_some());
}

#[test]
fn what_is_selected_is_copied() {
    let mut app = opened(TEXT);
    keys(&mut app, "4j");
    let mut copied = |key: char| {
        let effects = press(&mut app, KeyCode::Char(key));
        let [Effect::Copy(what, text)] = &effects[..] else { panic!("{effects:?}") };
        (*what, text.reveal().to_owned())
    };
    assert_eq!(copied('Y'), ("the value", "[1, 2]".to_owned()));
    assert_eq!(copied('p'), ("the path", "address.zip".to_owned()));
    let (what, text) = copied('y');
    assert_eq!((what, parsed(&text)), ("the document", parsed(TEXT)));
    let mut app = opened(&format!("{{ a: '{}' }}", "x".repeat(300_000)));
    assert!(press(&mut app, KeyCode::Char('y')).is_empty());
    assert!(app.notice.as_ref().unwrap().1.what.contains("too large"));
}

#[test]
fn a_long_value_is_shown_whole() {
    let text = "a line of text\\n".repeat(100) + &"x".repeat(3_000_000);
    let mut app = opened(&format!("{{ _id: 1, n: 1, long: '{text}' }}"));
    keys(&mut app, "2jv");
    draw(&mut app);
    let viewed = |app: &App| open(app).viewed.as_ref().unwrap().top;
    assert_eq!(open(&app).viewed.as_ref().unwrap().lines[1], "a line of text\\n");
    assert_eq!(open(&app).viewed.as_ref().unwrap().cut, Some(3_001_505));
    keys(&mut app, "5j");
    assert_eq!(viewed(&app), 5);
    draw(&mut app);
    keys(&mut app, "G*hl");
    let end = viewed(&app);
    assert!(end > 500 && on(&app) == "long", "{end}");
    press(&mut app, KeyCode::Enter);
    assert!(open(&app).change.is_none());
    press(&mut app, KeyCode::Esc);
    assert!(open(&app).viewed.is_none() && on(&app) == "long");
    keys(&mut app, "vvv");
    assert_eq!(viewed(&app), 0);
}

/// The longest that a key takes until its frame is drawn, in a document of so many elements.
fn slowest_key(elements: usize) -> Duration {
    let mut document = vec![0; 4];
    document.extend_from_slice(b"\x04a\0");
    let array = document.len();
    document.extend_from_slice(&[0; 4]);
    for number in 0..elements {
        document.push(0x10);
        document.extend_from_slice(number.to_string().as_bytes());
        document.extend_from_slice(&[0, 1, 2, 3, 4]);
    }
    document.push(0);
    let length = |bytes: &[u8]| i32::try_from(bytes.len()).unwrap().to_le_bytes();
    let inside = length(&document[array..]);
    document[array..array + 4].copy_from_slice(&inside);
    document.push(0);
    let whole = length(&document);
    document[..4].copy_from_slice(&whole);
    let bytes = document.len();
    let tree = Box::new(Tree::new(RawDocumentBuf::from_bytes(document).unwrap()).unwrap());
    let mut app = browsing();
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, _) = asked(&effects).remove(0);
    app.update(Message::Browsed(generation, DocumentsAnswer::One(Ok(tree))));
    let mut slowest = (Duration::ZERO, ' ');
    for key in "*Gkkg jG-*Gh-lllGvvkGhh*".chars() {
        let started = std::time::Instant::now();
        press(&mut app, KeyCode::Char(key));
        draw(&mut app);
        slowest = slowest.max((started.elapsed(), key));
    }
    keys(&mut app, "lG");
    assert_eq!(on(&app), format!("a[{}]", elements - 1));
    println!("{elements} elements, {bytes} bytes: {slowest:?}");
    slowest.0
}

#[test]
fn a_key_takes_no_longer_in_a_large_document() {
    // What reads all of it takes longer each time.
    assert!(slowest_key(200_000) < Duration::from_millis(100));
}

/// What a change comes to, as the runtime finds it.
fn changes(before: &RawDocumentBuf, after: RawDocumentBuf) -> Changes {
    let lines = document::lines(&document::difference(before, &after).unwrap(), 200);
    Changes { write: DocumentWrite::Replace { before: before.clone(), after }, lines, top: 0 }
}

/// Types a value in place of the selected one, and submits it.
fn submit(app: &mut App, value: &str) -> Vec<Effect> {
    control(app, 'u');
    type_text(app, value);
    press(app, KeyCode::Enter)
}

/// Answers with the document that has the value.
fn compare(app: &mut App, effects: &[Effect]) {
    let [(generation, DocumentsAsked::Change { before, path, value })] = &asked(effects)[..] else {
        panic!("{effects:?}")
    };
    let after = document::replace_value(before, path, value.as_raw()).unwrap();
    let changes = changes(before, after);
    app.update(Message::Browsed(*generation, DocumentsAnswer::Change(Ok(changes))));
}

fn question(app: &App) -> Option<&DocumentEdit> {
    match app.layers.last() {
        Some(Layer::Edit(edit)) => Some(edit),
        _ => None,
    }
}

fn written(effects: &[Effect]) -> (Generation, DocumentWrite) {
    let [Effect::WriteDocument(generation, _, write)] = effects else { panic!("{effects:?}") };
    (*generation, (**write).clone())
}

#[test]
fn a_value_is_changed_in_place() {
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    assert_eq!((app.focus(), typing(&app).field.text()), (keymap::Place::DocumentValue, "\"Ada\""));
    // What is not a value is said, and stays.
    assert!(submit(&mut app, "'Ada' Lovelace").is_empty());
    let problem = typing(&app).field.problem.as_ref().unwrap();
    assert!(problem.what.starts_with("column 7: "), "{problem:?}");
    assert_eq!(typing(&app).field.input.cursor(), 6);
    assert_eq!(typing(&app).field.text(), "'Ada' Lovelace");
    let effects = submit(&mut app, "{ first: 'Ada' }");
    compare(&mut app, &effects);
    let edit = question(&app).unwrap();
    assert!(matches!(edit.stage, EditStage::Asking(Changes { ref lines, .. }) if lines.len() == 1));
    // The question is left for the field.
    press(&mut app, KeyCode::Esc);
    assert_eq!(typing(&app).field.text(), "{ first: 'Ada' }");
    let effects = press(&mut app, KeyCode::Enter);
    compare(&mut app, &effects);
    press(&mut app, KeyCode::Char('e'));
    assert_eq!(typing(&app).field.text(), "{ first: 'Ada' }");
    let effects = control(&mut app, 's');
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, write) = written(&effects);
    let after = parsed(&TEXT.replace("'Ada'", "{ first: 'Ada' }"));
    assert_eq!(write.after(), Some(&after));
    let org = documents_org(&app);
    let effects = app.update(Message::DocumentWritten(generation, org, Ok(write)));
    read(&mut app, &effects, &TEXT.replace("'Ada'", "{ first: 'Ada' }"));
    assert!(open(&app).change.is_none() && question(&app).is_none());
    assert_eq!((on(&app).as_str(), len(&app)), ("name", 11));
}

fn documents_org(app: &App) -> Box<Org> {
    let all = app.layers.iter().find_map(|layer| match layer {
        Layer::Documents(documents) => Some(documents.org.clone()),
        _ => None,
    });
    all.unwrap()
}

#[test]
fn what_is_not_changed_is_left_and_esc_drops_what_was_typed() {
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    assert!(submit(&mut app, "'Ada'").is_empty());
    assert!(open(&app).change.is_none());
    press(&mut app, KeyCode::Enter);
    let effects = submit(&mut app, "5");
    assert!(!asked(&effects).is_empty());
    // What is waited for is stopped first.
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(effects[..], [Effect::Cancel(_)]), "{effects:?}");
    assert_eq!(typing(&app).field.text(), "5");
    press(&mut app, KeyCode::Esc);
    assert_eq!(typing(&app).field.text(), "5", "it is asked before");
    assert!(app.notice.as_ref().unwrap().1.what.contains("not saved"));
    // Typing on takes it back.
    type_text(&mut app, "6");
    assert_eq!(app.notice, None);
    press(&mut app, KeyCode::Esc);
    assert_eq!(typing(&app).field.text(), "56");
    press(&mut app, KeyCode::Esc);
    assert!(open(&app).change.is_none());
    assert_eq!(on(&app), "name");
    // What is as it was needs no question.
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    assert!(open(&app).change.is_none());
}

fn gone() -> Error {
    Error::NoSuchDocument("org".into())
}

/// Answers that the document is no longer there.
fn read_in_vain(app: &mut App, effects: &[Effect]) {
    let read = asked(effects).into_iter().find(|(_, a)| matches!(a, DocumentsAsked::One(..)));
    let (generation, _) = read.unwrap_or_else(|| panic!("{effects:?}"));
    app.update(Message::Browsed(generation, DocumentsAnswer::One(Err(gone()))));
}

#[test]
fn a_value_outlives_the_document_it_was_typed_for() {
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    let effects = submit(&mut app, "7");
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    let message = Message::DocumentWritten(written(&effects).0, documents_org(&app), Err(gone()));
    let effects = app.update(message);
    read_in_vain(&mut app, &effects);
    assert_eq!((on(&app).as_str(), typing(&app).field.text()), ("name", "7"));
    let problem = typing(&app).field.problem.as_ref().unwrap();
    assert!(problem.what.contains("deleted") && problem.help.contains("insert"), "{problem:?}");
    // It is left only at the second time, and then nothing of the document is left.
    press(&mut app, KeyCode::Esc);
    assert_eq!(typing(&app).field.text(), "7");
    let effects = press(&mut app, KeyCode::Enter);
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    let after = parsed(&TEXT.replace("'Ada'", "7"));
    let (generation, write) = written(&effects);
    assert_eq!(write, DocumentWrite::Insert(after));
    let org = documents_org(&app);
    let effects = app.update(Message::DocumentWritten(generation, org, Ok(write)));
    read(&mut app, &effects, &TEXT.replace("'Ada'", "7"));
    assert!(open(&app).change.is_none() && open(&app).problem.is_none());
}

#[test]
fn a_value_outlives_a_document_that_is_read_again_or_merged_in_vain() {
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    let effects = press(&mut app, KeyCode::Char('r'));
    press(&mut app, KeyCode::Enter);
    type_text(&mut app, "x");
    read_in_vain(&mut app, &effects);
    assert_eq!(typing(&app).field.text(), "\"Ada\"x");
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(open(&app).tree.is_none() && open(&app).problem.is_some());
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    let effects = submit(&mut app, "7");
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    let changed = Error::DocumentChanged("org".into());
    let message = Message::DocumentWritten(written(&effects).0, documents_org(&app), Err(changed));
    let effects = app.update(message);
    let (generation, _) = asked(&effects).remove(0);
    app.update(Message::Browsed(generation, DocumentsAnswer::Merged(Err(gone()))));
    assert_eq!(typing(&app).field.text(), "7");
    assert!(typing(&app).field.problem.as_ref().unwrap().help.contains("insert"));
}

#[test]
fn the_open_document_is_the_one_that_is_read_and_deleted_whatever_the_list_below_selects() {
    let mut app = opened(TEXT);
    let effects = app.refresh_documents();
    let page = asked(&effects).into_iter().find(|(_, a)| matches!(a, DocumentsAsked::Page(_)));
    // Someone else deleted the first one.
    let row = |n: i64| DocumentRow { id: n.into(), name: n.to_string(), ..DocumentRow::default() };
    let rows =
        DocumentRows { rows: (1..100).map(row).collect(), more: false, ..DocumentRows::default() };
    app.update(Message::Browsed(page.unwrap().0, DocumentsAnswer::Page(Ok(rows))));
    for key in ['r', 'd'] {
        let effects = press(&mut app, KeyCode::Char(key));
        let id = asked(&effects).into_iter().find_map(|(_, asked)| match asked {
            DocumentsAsked::One(id, _) | DocumentsAsked::Fetch(id, _) => Some(id),
            _ => None,
        });
        assert_eq!(id, Some(0_i64.into()), "{key}");
    }
}

#[test]
fn a_number_keeps_its_type_and_enter_is_offered_only_where_it_changes() {
    let mut app = opened("{ _id: { a: 1 }, n: Long(5), d: 5.5, i: 5 }");
    assert_eq!(open(&app).action(), Some(RowAction::Fold));
    for (typed, types, kind) in [
        ("6", ("long", "long"), "Long(6)"),
        ("6", ("double", "double"), "6.0"),
        ("6.5", ("double", "int"), "6.5"),
    ] {
        keys(&mut app, if kind == "Long(6)" { "2j" } else { "j" });
        assert_eq!(open(&app).action(), Some(RowAction::Change));
        press(&mut app, KeyCode::Enter);
        let effects = submit(&mut app, typed);
        assert_eq!(typing(&app).types(), Some(types));
        let [(_, DocumentsAsked::Change { value, .. })] = &asked(&effects)[..] else { panic!() };
        assert_eq!(*value, document::parse_value(kind).unwrap());
        for _ in 0..3 {
            press(&mut app, KeyCode::Esc);
        }
    }
    keys(&mut app, "gj");
    assert_eq!((on(&app).as_str(), open(&app).action()), ("_id.a", None));
}

#[test]
fn a_refused_write_comes_back_to_the_field() {
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    let effects = submit(&mut app, "7");
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    let refused = Error::InvalidDocument("the validator does not take it".into());
    let message = Message::DocumentWritten(written(&effects).0, documents_org(&app), Err(refused));
    app.update(message);
    assert!(typing(&app).field.problem.is_some());
    assert_eq!(typing(&app).field.text(), "7");
}

#[test]
fn what_someone_else_changed_is_merged_or_shown() {
    let mut app = opened(TEXT);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    let effects = submit(&mut app, "7");
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    let changed = Error::DocumentChanged("org".into());
    let message = Message::DocumentWritten(written(&effects).0, documents_org(&app), Err(changed));
    let effects = app.update(message);
    let [(generation, DocumentsAsked::Merge { .. })] = &asked(&effects)[..] else {
        panic!("{effects:?}")
    };
    let theirs = TEXT.replace("'Ada'", "'Bob'");
    let shown = |text: &str| Some(ShownValue { text: text.to_owned(), kind: None });
    let conflict = ConflictLine {
        path: "name".to_owned(),
        original: shown("\"Ada\""),
        mine: shown("7"),
        theirs: shown("\"Bob\""),
    };
    let merge = Merge {
        theirs: parsed(&theirs),
        changes: changes(&parsed(&theirs), parsed(&TEXT.replace("'Ada'", "7"))),
        text: String::new(),
        conflicts: vec![conflict],
    };
    let effects = app.update(Message::Browsed(*generation, DocumentsAnswer::Merged(Ok(merge))));
    assert!(matches!(question(&app).unwrap().stage, EditStage::Conflict { .. }));
    // The document below is read again, and the value is still there to be saved.
    read(&mut app, &effects, &theirs);
    press(&mut app, KeyCode::Esc);
    assert_eq!(typing(&app).field.text(), "7");
    let problem = typing(&app).field.problem.as_ref().unwrap();
    assert_eq!(problem.what, "someone else changed it to \"Bob\"");
    let effects = press(&mut app, KeyCode::Enter);
    compare(&mut app, &effects);
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(written(&effects).1.before(), Some(&parsed(&theirs)));
}

#[test]
fn what_cannot_be_changed_is_refused_before_anything_is_typed() {
    let long = TEXT.replace("Ada", &"é".repeat(600));
    let mut app = opened(&long);
    for (keys_before, said) in
        [("", "the _id of a document cannot be changed"), ("j", "the value is too long")]
    {
        keys(&mut app, keys_before);
        assert!(press(&mut app, KeyCode::Enter).is_empty());
        assert!(open(&app).change.is_none());
        assert!(app.notice.as_ref().unwrap().1.what.starts_with(said), "{:?}", app.notice);
    }
    keys(&mut app, "2j");
    app.session = Some(operators::operators_session(&app, OperatorRole::Viewer));
    press(&mut app, KeyCode::Enter);
    assert!(open(&app).change.is_none() && app.notice.is_some());
    (app.session, app.notice) = (None, None);
    let Connection::Ready(connected) = &mut app.connection else { panic!() };
    connected.read_only = Some("read-only mode".into());
    press(&mut app, KeyCode::Enter);
    assert!(open(&app).change.is_none() && app.notice.is_some());
    // It still folds.
    keys(&mut app, "k");
    press(&mut app, KeyCode::Enter);
    assert_eq!(len(&app), 6);
}

#[test]
fn in_production_a_value_is_confirmed() {
    let mut app = opened(TEXT);
    app.profile = Some(profile("prod", true));
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    let effects = submit(&mut app, "7");
    compare(&mut app, &effects);
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(app.focus(), keymap::Place::Production);
    let effects = press(&mut app, KeyCode::Char('y'));
    assert!(matches!(written(&effects).1, DocumentWrite::Replace { .. }));
}
