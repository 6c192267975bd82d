//! Documents inserted, edited and deleted in the console.

use bson::RawDocumentBuf;

use super::*;
use crate::{
    console::app::{
        Changes, DocumentEdit, DocumentRow, DocumentRows, DocumentsAnswer, DocumentsAsked,
        EditStage, Fetch, Fetched, Merge, ReadText,
    },
    document::parse,
    store::DocumentWrite,
};

fn document(text: &str) -> RawDocumentBuf {
    parse(text).unwrap()
}

/// The first thing that was asked of the documents.
fn asked(effects: &[Effect]) -> (Generation, &DocumentsAsked) {
    let of = |effect| match effect {
        &Effect::Browse(generation, _, ref asked) => Some((generation, asked)),
        _ => None,
    };
    effects.iter().find_map(of).unwrap_or_else(|| panic!("{effects:?}"))
}

/// What is to be written.
fn wanted(effects: &[Effect]) -> (Generation, Box<Org>, DocumentWrite) {
    let of = |effect: &Effect| match effect {
        Effect::WriteDocument(generation, org, write) => {
            Some((*generation, org.clone(), (**write).clone()))
        }
        _ => None,
    };
    effects.iter().find_map(of).unwrap_or_else(|| panic!("nothing to write: {effects:?}"))
}

fn edit(app: &App) -> &DocumentEdit {
    match app.layers.last() {
        Some(Layer::Edit(edit)) => edit,
        other => panic!("{other:?}"),
    }
}

/// A console that browses the two documents of an organization.
fn browsing() -> App {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, _) = asked(&effects);
    let row = |n: i64| DocumentRow { id: n.into(), name: n.to_string(), ..DocumentRow::default() };
    let rows =
        DocumentRows { rows: (1..=2).map(row).collect(), more: false, ..DocumentRows::default() };
    app.update(Message::Browsed(generation, DocumentsAnswer::Page(Ok(rows))));
    app
}

/// The first one, being edited.
fn editing() -> App {
    let mut app = browsing();
    let effects = press(&mut app, KeyCode::Char('e'));
    let (generation, asked) = asked(&effects);
    assert_eq!(*asked, DocumentsAsked::Fetch(1_i64.into(), Fetch::Edit));
    let text = Some("{ _id: 1, a: 1 }".to_owned());
    let fetched = Fetched { document: document("{ _id: 1, a: 1 }"), text };
    app.update(Message::Browsed(generation, DocumentsAnswer::Fetched(Fetch::Edit, Ok(fetched))));
    app
}

/// It was typed anew, and the difference is asked about.
fn asking() -> App {
    let mut app = editing();
    control(&mut app, 'k');
    type_text(&mut app, "{ _id: 1, a: 2 }");
    let effects = control(&mut app, 's');
    let (generation, asked) = asked(&effects);
    let DocumentsAsked::Read { before, text } = asked else { panic!("{asked:?}") };
    assert_eq!(
        (before.as_ref(), &**text),
        (Some(&document("{ _id: 1, a: 1 }")), "{ _id: 1, a: 2 }")
    );
    let write = DocumentWrite::Replace {
        before: document("{ _id: 1, a: 1 }"),
        after: document("{ _id: 1, a: 2 }"),
    };
    let changes = Changes { write, lines: Vec::new(), top: 0 };
    let read = DocumentsAnswer::Read(ReadText::Changed(changes));
    app.update(Message::Browsed(generation, read));
    assert!(matches!(edit(&app).stage, EditStage::Asking(_)));
    app
}

fn failed(app: &mut App, effects: &[Effect], error: Error) -> Vec<Effect> {
    let (generation, org, _) = wanted(effects);
    app.update(Message::DocumentWritten(generation, org, Err(error)))
}

#[test]
fn nothing_is_written_before_the_difference_was_seen_and_u_undoes_it() {
    let mut app = asking();
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, org, write) = wanted(&effects);
    let effects = app.update(Message::DocumentWritten(generation, org, Ok(write.clone())));
    assert!(matches!(app.layers.last(), Some(Layer::Documents(_))));
    // What is on the screen is read again.
    assert!(matches!(asked(&effects).1, DocumentsAsked::Page(_) | DocumentsAsked::Count(_)));
    let effects = press(&mut app, KeyCode::Char('u'));
    let (generation, org, undo) = wanted(&effects);
    assert_eq!(undo, write.undo());
    app.update(Message::DocumentWritten(generation, org, Ok(undo)));
    assert_eq!(app.notice.as_ref().unwrap().1.what, "undid the edit");
    // Once.
    assert!(press(&mut app, KeyCode::Char('u')).is_empty());
    assert_eq!(app.notice.as_ref().unwrap().1.what, "nothing to undo");
}

#[test]
fn what_was_typed_outlives_every_error() {
    let text = "{ _id: 1, a: 2 }";
    for error in [
        Error::InvalidDocument("the _id cannot be an array".into()),
        Error::ReadOnly("read-only mode".into()),
        Error::Store(StoreError::Unreachable { address: "db1".into(), problem: "lost".into() }),
        Error::Store(StoreError::InTheWay { problem: "validator".into(), help: "correct it" }),
        Error::InTrash("acme".into()),
    ] {
        let mut app = asking();
        let effects = press(&mut app, KeyCode::Enter);
        failed(&mut app, &effects, error.clone());
        let edit = edit(&app);
        assert!(matches!(edit.stage, EditStage::Typing), "{error:?}");
        assert_eq!(edit.editor.lines(), [text]);
        assert_eq!(edit.problem.as_ref().unwrap().what, error.to_string());
    }
    // Someone else deleted it: it can be inserted anew.
    let mut app = asking();
    let effects = press(&mut app, KeyCode::Enter);
    failed(&mut app, &effects, Error::NoSuchDocument("acme".into()));
    assert_eq!(
        (edit(&app).before.as_ref(), edit(&app).editor.lines()),
        (None, &[text.to_owned()][..])
    );
    // A fault is shown where it is.
    let mut app = editing();
    let effects = control(&mut app, 's');
    let (generation, _) = asked(&effects);
    let fault = parse("{ _id: 1,\n a: }").unwrap_err();
    app.update(Message::Browsed(generation, DocumentsAnswer::Read(ReadText::Fault(fault))));
    assert!(edit(&app).problem.as_ref().unwrap().what.starts_with("line 2, column 5"));
}

#[test]
fn esc_leaves_a_changed_text_only_at_the_second_time() {
    let mut app = editing();
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.layers.last(), Some(Layer::Documents(_))));
    let mut app = editing();
    type_text(&mut app, "x");
    press(&mut app, KeyCode::Esc);
    assert!(app.notice.as_ref().unwrap().1.what.contains("not saved"));
    // Typing on takes it back.
    type_text(&mut app, "y");
    assert_eq!(app.notice, None);
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.layers.last(), Some(Layer::Edit(_))));
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.layers.last(), Some(Layer::Documents(_))));
    // From the difference it leads back to the text.
    let mut app = asking();
    press(&mut app, KeyCode::Esc);
    assert!(matches!(edit(&app).stage, EditStage::Typing));
}

#[test]
fn quitting_discards_what_was_typed_only_at_the_second_time() {
    let quits = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Quit));
    let mut app = editing();
    assert!(quits(&control(&mut app, 'c')), "nothing was typed");
    let mut app = editing();
    type_text(&mut app, "x");
    assert!(!quits(&control(&mut app, 'c')));
    assert!(app.notice.as_ref().unwrap().1.what.contains("not saved"));
    // Typing on takes it back.
    type_text(&mut app, "y");
    assert!(!quits(&control(&mut app, 'c')));
    assert!(quits(&control(&mut app, 'c')));
}

#[test]
fn letters_are_text_in_the_editor_and_a_paste_is_too() {
    let mut app = editing();
    for letter in "quyedn?:/".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    app.update(Message::Paste("\nq\u{202e}".to_owned().into()));
    let lines = edit(&app).editor.lines();
    assert_eq!(lines, ["quyedn?:/", "q\\u202e{ _id: 1, a: 1 }"]);
}

#[test]
fn someone_elses_change_is_merged_or_shown() {
    let mut app = asking();
    let effects = press(&mut app, KeyCode::Enter);
    let effects = failed(&mut app, &effects, Error::DocumentChanged("acme".into()));
    let (generation, asks) = asked(&effects);
    assert_eq!(
        *asks,
        DocumentsAsked::Merge {
            original: document("{ _id: 1, a: 1 }"),
            mine: Some(document("{ _id: 1, a: 2 }")),
        }
    );
    let theirs = document("{ _id: 1, a: 1, b: 9 }");
    let both = document("{ _id: 1, a: 2, b: 9 }");
    let write = DocumentWrite::Replace { before: theirs.clone(), after: both };
    let changes = Changes { write: write.clone(), lines: Vec::new(), top: 0 };
    let text = "{ _id: 1, a: 2, b: 9 }".to_owned();
    let merge = Merge { theirs: theirs.clone(), changes, text, conflicts: Vec::new() };
    app.update(Message::Browsed(generation, DocumentsAnswer::Merged(Ok(merge))));
    // It is asked once more, over theirs.
    assert_eq!(edit(&app).before.as_ref(), Some(&theirs));
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(wanted(&effects).2, write);
}

#[test]
fn a_deletion_asks_and_is_never_done_to_what_was_not_seen() {
    let mut app = browsing();
    let effects = press(&mut app, KeyCode::Char('d'));
    let (generation, _) = asked(&effects);
    let seen = document("{ _id: 1, a: 1 }");
    let fetched = Fetched { document: seen.clone(), text: None };
    app.update(Message::Browsed(generation, DocumentsAnswer::Fetched(Fetch::Delete, Ok(fetched))));
    assert!(edit(&app).deletes());
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(wanted(&effects).2, DocumentWrite::Delete(seen.clone()));
    let effects = failed(&mut app, &effects, Error::DocumentChanged("acme".into()));
    assert!(matches!(asked(&effects).1, DocumentsAsked::Merge { mine: None, .. }));
    // esc leaves the question, and nothing was done.
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.layers.last(), Some(Layer::Documents(_))));
}

#[test]
fn an_answer_that_nobody_waits_for_opens_nothing() {
    let mut app = browsing();
    let effects = press(&mut app, KeyCode::Char('e'));
    let (generation, _) = asked(&effects);
    press(&mut app, KeyCode::Esc);
    let text = Some("{ _id: 1 }".to_owned());
    let fetched = Fetched { document: document("{ _id: 1 }"), text };
    app.update(Message::Browsed(generation, DocumentsAnswer::Fetched(Fetch::Edit, Ok(fetched))));
    assert!(matches!(app.layers.last(), Some(Layer::Documents(_))));
}

#[test]
fn what_someone_else_deleted_is_said_and_leaves_the_list() {
    let mut app = browsing();
    let effects = press(&mut app, KeyCode::Char('e'));
    let (generation, _) = asked(&effects);
    let gone = Err(Error::NoSuchDocument("acme".into()));
    let effects =
        app.update(Message::Browsed(generation, DocumentsAnswer::Fetched(Fetch::Edit, gone)));
    assert!(app.notice.as_ref().unwrap().1.what.contains("deleted meanwhile"));
    assert!(matches!(asked(&effects).1, DocumentsAsked::Page(_)));
}

#[test]
fn where_nothing_may_be_written_no_editor_opens() {
    let mut app = browsing();
    let Connection::Ready(connected) = &mut app.connection else { panic!("not connected") };
    connected.read_only = Some("read-only mode".into());
    for key in ['n', 'e', 'c', 'd', 'u'] {
        assert!(press(&mut app, KeyCode::Char(key)).is_empty(), "{key}");
        assert_eq!(app.notice.as_ref().unwrap().1.what, "read-only mode", "{key}");
    }
}

#[test]
fn in_production_it_is_confirmed_once_more() {
    let mut app = asking();
    app.profile = Some(super::palette::profile("prod", true));
    press(&mut app, KeyCode::Enter);
    assert!(app.is_to_confirm());
    let effects = press(&mut app, KeyCode::Char('y'));
    wanted(&effects);
}

#[test]
fn after_a_deletion_no_other_document_stands_open_in_its_place() {
    let mut app = browsing();
    let tree = Box::new(crate::document::Tree::new(document("{ _id: Long(1), a: 1 }")).unwrap());
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, _) = asked(&effects);
    app.update(Message::Browsed(generation, DocumentsAnswer::One(Ok(tree))));
    let effects = press(&mut app, KeyCode::Char('d'));
    let (generation, _) = asked(&effects);
    let fetched = Fetched { document: document("{ _id: Long(1), a: 1 }"), text: None };
    app.update(Message::Browsed(generation, DocumentsAnswer::Fetched(Fetch::Delete, Ok(fetched))));
    let effects = press(&mut app, KeyCode::Enter);
    let (generation, org, write) = wanted(&effects);
    app.update(Message::DocumentWritten(generation, org, Ok(write)));
    let Some(Layer::Documents(documents)) = app.layers.last() else { panic!("no list") };
    assert!(documents.open.is_none());
}

#[test]
fn a_pasted_document_takes_the_place_of_a_template_in_which_nothing_was_typed() {
    let paste = |app: &mut App, text: &str| {
        app.update(Message::Paste(text.to_owned().into()));
        edit(app).editor.lines().join("|")
    };
    let mut app = browsing();
    press(&mut app, KeyCode::Char('n'));
    assert_eq!(paste(&mut app, "\n{ a: 1,\r\n  b: 2 }\n"), "|{ a: 1,|  b: 2 }|");
    // It can be undone.
    control(&mut app, 'u');
    control(&mut app, 'u');
    assert_eq!(edit(&app).editor.lines(), ["{", "  ", "}"]);
    let mut app = browsing();
    press(&mut app, KeyCode::Char('n'));
    assert_eq!(paste(&mut app, "a: 1"), "{|  a: 1|}", "a part of one goes into it");
    assert_eq!(paste(&mut app, "{ b: 2 }"), "{|  a: 1{ b: 2 }|}", "what was typed stays");
}
