use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use proptest::prelude::*;

use super::{Input, sequence::Parser};
use crate::theme::Background;

/// What a terminal's bytes come to, read in these parts, a while apart where `slow`.
fn read<B: AsRef<[u8]>>(parts: &[B], slow: bool) -> Vec<Input> {
    let mut parser = Parser::default();
    let mut inputs = Vec::new();
    for part in parts {
        parser.feed(part.as_ref(), &mut inputs);
        if slow && parser.patience().is_some_and(|patience| patience.as_millis() < 100) {
            parser.lapse(&mut inputs);
        }
    }
    inputs
}

fn whole(bytes: &str) -> Vec<Input> {
    read(&[bytes], false)
}

fn key(code: KeyCode) -> Input {
    Input::Key(code.into())
}

fn letter(letter: char) -> Input {
    key(KeyCode::Char(letter))
}

fn with(modifiers: KeyModifiers, code: KeyCode) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

/// Reports and answers of terminals, none of which is a key.
const REPORTS: &[&str] = &[
    "\x1b[?997;1n",
    "\x1b[?62;4;22c",
    "\x1b[>41;390;0c",
    "\x1b[?2026;2$y",
    "\x1b[?1u",
    "\x1b[8;24;80t",
    "\x1b[12;40R",
    "\x1b[I",
    "\x1b[O",
    "\x1b[=1;2w",
    "\x1b[48;24;80;600;800t",
    "\x1b[57441u",
    "\x1b[999~",
    "\x1b[201~",
    "\x1b]12;rgb:0/0/0\x07",
    "\x1b]4;1;rgb:ffff/0000/0000\x1b\\",
    "\x1b]52;c;cXVpdA==\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1bP>|XTerm(390)\x1b\\",
    "\x1bP!|00000000\x1b\\",
    "\x1b_Gi=1;OK\x1b\\",
];

#[test]
fn a_report_nobody_asked_for_is_dropped_whole_and_the_next_key_counts() {
    for report in REPORTS {
        let inputs = whole(&format!("{report}\x03"));
        assert_eq!(inputs, [with(KeyModifiers::CONTROL, KeyCode::Char('c'))], "{report:?}");
    }
}

#[test]
fn a_report_in_parts_is_the_same_report_however_slow_the_line() {
    for report in REPORTS {
        for at in 2..report.len() {
            let (first, second) = report.split_at(at);
            assert_eq!(read(&[first, second, "d"], false), [letter('d')], "{report:?} at {at}");
            if at > 2 {
                assert_eq!(read(&[first, second, "d"], true), [letter('d')], "{report:?} at {at}");
            }
        }
    }
    // Its esc alone is the key, after a while; the rest of it is no text all the same.
    for report in ["\x1b[?997;1n", "\x1b]11;rgb:zz\x07", "\x1b[A"] {
        let (esc, rest) = report.split_at(1);
        assert!(read(&[esc, rest], true).iter().all(|input| *input != letter('1')), "{report:?}");
    }
}

#[test]
fn what_is_cut_off_takes_no_key_with_it() {
    let control_c = with(KeyModifiers::CONTROL, KeyCode::Char('c'));
    for begun in ["\x1b[?997", "\x1b[", "\x1b[1;", "\x1b]11;rgb:", "\x1bP1$r", "\x1b[<0;1"] {
        assert_eq!(whole(&format!("{begun}\x03")), std::slice::from_ref(&control_c), "{begun:?}");
        assert_eq!(whole(&format!("{begun}\x1b[A")), [key(KeyCode::Up)], "{begun:?}");
        assert_eq!(whole(&format!("{begun}\r")), [key(KeyCode::Enter)], "{begun:?}");
    }
    // Where nothing follows, it is over after a while.
    let mut parser = Parser::default();
    let mut inputs = Vec::new();
    parser.feed(b"\x1b[?997;1", &mut inputs);
    assert!(parser.patience().is_some());
    parser.lapse(&mut inputs);
    parser.feed(b"n", &mut inputs);
    assert_eq!(inputs, [letter('n')]);
}

#[test]
fn an_esc_alone_is_the_key_after_a_moment() {
    assert_eq!(read(&["\x1b"], false), [], "it may be the beginning of something");
    assert_eq!(read(&["\x1b"], true), [key(KeyCode::Esc)]);
    assert_eq!(read(&["\x1b", "d"], true), [key(KeyCode::Esc), letter('d')]);
    assert_eq!(read(&["\x1b", "["], true)[0], key(KeyCode::Esc));
    assert_eq!(read(&["\x1b", "[A"], true), [key(KeyCode::Esc), key(KeyCode::Up)]);
    assert_eq!(read(&["\x1b\x1b"], true), [key(KeyCode::Esc), key(KeyCode::Esc)]);
    assert_eq!(read(&["\x1b["], true), [with(KeyModifiers::ALT, KeyCode::Char('['))]);
}

#[test]
fn the_background_is_told_whenever_the_answer_comes() {
    for (answer, background) in [
        ("\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", Some(Background::Dark)),
        ("\x1b]11;rgb:fdfd/f6f6/e3e3\x07", Some(Background::Light)),
        ("\x1b]11;rgb:ff/ff/ff\x07", Some(Background::Light)),
        ("\x1b]11;rgba:0000/0000/0000/ffff\x07", Some(Background::Dark)),
        ("\x1b]11;rgb:/0/0\x07", None),
    ] {
        let told: Vec<_> = background.map(Input::Background).into_iter().collect();
        assert_eq!(whole(answer), told, "{answer:?}");
        for at in 3..answer.len() {
            let (first, second) = answer.split_at(at);
            assert_eq!(read(&[first, second], true), told, "{answer:?} at {at}");
        }
        // The esc was taken for the key; the rest is the answer all the same.
        let (esc, rest) = answer.split_at(1);
        let late: Vec<_> = [key(KeyCode::Esc)].into_iter().chain(told).collect();
        assert_eq!(read(&[esc, rest], true), late, "{answer:?}");
    }
}

#[test]
fn keys_are_those_that_terminals_send() {
    use KeyCode::{BackTab, Backspace, Char, Delete, End, Enter, Esc, F, Home, PageUp, Tab, Up};
    use KeyModifiers as M;
    for (bytes, modifiers, code) in [
        ("a", M::NONE, Char('a')),
        ("A", M::SHIFT, Char('A')),
        ("é", M::NONE, Char('é')),
        ("日", M::NONE, Char('日')),
        ("\r", M::NONE, Enter),
        ("\n", M::CONTROL, Char('j')),
        ("\t", M::NONE, Tab),
        ("\x7f", M::NONE, Backspace),
        ("\x08", M::CONTROL, Char('h')),
        ("\0", M::CONTROL, Char(' ')),
        ("\x13", M::CONTROL, Char('s')),
        ("\x1c", M::CONTROL, Char('4')),
        ("\x1ba", M::ALT, Char('a')),
        ("\x1bD", M::ALT | M::SHIFT, Char('D')),
        ("\x1bé", M::ALT, Char('é')),
        ("\x1b\x03", M::ALT | M::CONTROL, Char('c')),
        ("\x1b\x7f", M::ALT, Backspace),
        ("\x1b[A", M::NONE, Up),
        ("\x1bOA", M::NONE, Up),
        ("\x1b[1;5A", M::CONTROL, Up),
        ("\x1b[5A", M::CONTROL, Up),
        ("\x1b[a", M::SHIFT, Up),
        ("\x1b[Z", M::SHIFT, BackTab),
        ("\x1b[H", M::NONE, Home),
        ("\x1b[7~", M::NONE, Home),
        ("\x1b[4~", M::NONE, End),
        ("\x1b[3;2~", M::SHIFT, Delete),
        ("\x1b[3^", M::CONTROL, Delete),
        ("\x1b[5~", M::NONE, PageUp),
        ("\x1bOP", M::NONE, F(1)),
        ("\x1bO2P", M::SHIFT, F(1)),
        ("\x1b[[A", M::NONE, F(1)),
        ("\x1b[P", M::NONE, F(1)),
        ("\x1b[1;2R", M::SHIFT, F(3)),
        ("\x1b[15~", M::NONE, F(5)),
        ("\x1b[24~", M::NONE, F(12)),
        ("\x1b[27u", M::NONE, Esc),
        ("\x1b[27;1:1u", M::NONE, Esc),
        ("\x1b[99;5u", M::CONTROL, Char('c')),
        ("\x1b[1089;5u", M::CONTROL, Char('с')),
        ("\x1b[100;4u", M::ALT | M::SHIFT, Char('D')),
        ("\x1b[9;2u", M::SHIFT, BackTab),
        ("\x1b[57414u", M::NONE, Enter),
        ("\x1b[57404u", M::NONE, Char('5')),
        ("\x1b[57421u", M::NONE, PageUp),
        ("\x1b[27;5;115~", M::CONTROL, Char('s')),
    ] {
        assert_eq!(whole(bytes), [with(modifiers, code)], "{bytes:?}");
    }
    assert_eq!(read(&[&"日".as_bytes()[..1], &"日".as_bytes()[1..]], false), [letter('日')]);
    assert_eq!(read(&[&b"\xff\xfea"[..]], false), [letter('a')], "what is no text is none");
}

#[test]
fn the_mouse_is_where_it_says() {
    for (bytes, kind) in [
        ("\x1b[<0;300;7M", MouseEventKind::Down(MouseButton::Left)),
        ("\x1b[<0;300;7m", MouseEventKind::Up(MouseButton::Left)),
        ("\x1b[<32;300;7M", MouseEventKind::Drag(MouseButton::Left)),
        ("\x1b[<65;300;7M", MouseEventKind::ScrollDown),
    ] {
        let inputs = whole(bytes);
        let [Input::Mouse(mouse)] = inputs[..] else { panic!("{inputs:?}") };
        assert_eq!((mouse.kind, mouse.column, mouse.row), (kind, 299, 6), "{bytes:?}");
    }
    let inputs = whole("\x1b[M !\"");
    let [Input::Mouse(mouse)] = inputs[..] else { panic!("{inputs:?}") };
    assert_eq!((mouse.column, mouse.row), (0, 1));
    assert_eq!(whole("\x1b[<0;0;0M"), [], "there is no such place");
    assert_eq!(whole("\x1b[<0;99999;1Md"), [letter('d')]);
}

#[test]
fn a_paste_is_one_text_however_it_comes() {
    let paste = "\x1b[200~dq\r\x1b[A\x03 日\x1b[201~";
    let expected = [Input::Paste("dq\r\x1b[A\x03 日".to_owned()), letter('x')];
    assert_eq!(whole(&format!("{paste}x")), expected);
    for at in 3..paste.len() {
        let (first, second) = paste.as_bytes().split_at(at);
        assert_eq!(read(&[first, second, b"x"], true), expected, "at {at}");
    }
}

#[test]
fn an_endless_report_is_not_kept() {
    let mut parser = Parser::default();
    let mut inputs = Vec::new();
    parser.feed(b"\x1b]52;c;", &mut inputs);
    for _ in 0..1000 {
        parser.feed(&[b'x'; 1000], &mut inputs);
    }
    parser.feed(b"\x1b", &mut inputs);
    parser.feed(b"\\d", &mut inputs);
    assert_eq!(inputs, [letter('d')]);
}

proptest! {
    #[test]
    fn keys_are_never_lost(keys in "[a-zA-Z0-9 é日]{1,60}", parts in 1_usize..7) {
        let parts: Vec<_> = keys.as_bytes().chunks(parts).collect();
        let expected: Vec<_> = keys.chars().map(|c| Input::Key(super::keys::character(c))).collect();
        prop_assert_eq!(read(&parts, false), expected);
    }

    /// Whatever came before, ^c gets through: at once, or after the time a cut-off report may take.
    #[test]
    fn control_c_always_gets_through(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6),
    ) {
        prop_assume!(!parts.concat().windows(6).any(|part| part == b"\x1b[200~"));
        let mut parser = Parser::default();
        let mut inputs = Vec::new();
        for part in parts {
            parser.feed(&part, &mut inputs);
        }
        parser.lapse(&mut inputs);
        inputs.clear();
        parser.feed(b"\x03", &mut inputs);
        prop_assert_eq!(inputs, [with(KeyModifiers::CONTROL, KeyCode::Char('c'))]);
    }
}

#[test]
fn a_paste_whose_end_never_comes_ends_by_itself_and_what_comes_then_is_keys() {
    let mut parser = Parser::default();
    let mut inputs = Vec::new();
    parser.feed(b"\x1b[200~half of it", &mut inputs);
    assert!(inputs.is_empty());
    assert!(parser.patience().is_some(), "it is not waited for without end");
    parser.lapse(&mut inputs);
    assert_eq!(inputs, [Input::Paste("half of it".to_owned())]);
    inputs.clear();
    parser.feed(b"\x03", &mut inputs);
    assert!(
        matches!(inputs[..], [Input::Key(key)] if key.code == KeyCode::Char('c')),
        "{inputs:?}"
    );
}

#[test]
fn a_paste_without_end_is_kept_only_as_far_as_anybody_can_use_it() {
    let mut parser = Parser::default();
    let mut inputs = Vec::new();
    parser.feed(b"\x1b[200~", &mut inputs);
    for _ in 0..1_000 {
        parser.feed(&[b'x'; 4096], &mut inputs);
        assert!(parser.held() <= 1024 * 1024 + 16, "{}", parser.held());
    }
    // Its end is found wherever a read cuts it.
    parser.feed(b"x\x1b[20", &mut inputs);
    parser.feed(b"1~q", &mut inputs);
    assert!(matches!(&inputs[..], [Input::Paste(text), Input::Key(_)] if text.len() > 1_000_000));
}
