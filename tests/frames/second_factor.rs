//! The second factor: the code in the login, the set-up with its QR code, the recovery codes.

use bson::{DateTime, oid::ObjectId};
use crossterm::event::KeyCode;
use std::time::Duration;
use tenantry::{
    console::app::{Effect, Message},
    org::{NewSecondFactor, Operator, OperatorRole, PasswordHash, Secret},
    tenancy::{Error, Session},
    theme::Theme,
};

use crate::{
    dump::{LEAST, NARROW, looks_like, looks_like_at},
    pretend::{Console, wide},
};

fn session() -> Session {
    let operator = Operator {
        id: ObjectId::from_bytes([9; 12]),
        email: "ops@example.com".into(),
        password: PasswordHash::nobodys(),
        role: OperatorRole::Manager,
        disabled: false,
        created_at: DateTime::from_millis(0),
        last_login: None,
        second_factor: None,
        keys: Vec::new(),
    };
    Session::of_operator("token".into(), &operator, crate::pretend::now() + Duration::from_mins(30))
}

fn log_in(console: &mut Console, answer: &Result<Session, Error>) {
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Login(generation, ..) => Some(Message::LoggedIn(*generation, answer.clone())),
        _ => None,
    });
}

#[test]
fn the_code_is_asked_for_below_the_password() {
    let mut console = wide();
    console.press(KeyCode::Char('L'));
    console.type_text("violet");
    log_in(&mut console, &Err(Error::CodeRequired));
    looks_like_at(&mut console, "login_code", &[NARROW]);
    console.type_text("123456");
    log_in(&mut console, &Err(Error::WrongAuthenticationCode));
    looks_like_at(&mut console, "login_code_wrong", &[NARROW, LEAST]);
}

#[test]
fn it_is_set_up_with_a_qr_code_where_that_fits() {
    let mut console = wide();
    console.press(KeyCode::Char('L'));
    console.type_text("violet");
    log_in(&mut console, &Ok(session()));
    let new = NewSecondFactor::with_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into());
    // What was said of the login is gone with the next key.
    console.press(KeyCode::Esc);
    console.send(Message::NewSecondFactor(Ok(new)));
    looks_like_at(&mut console, "second_factor", &[NARROW, LEAST, (90, 40)]);
    for (name, theme) in
        [("no_color", Theme::colourless()), ("plain", Theme { plain: true, ..Theme::sixteen() })]
    {
        looks_like!(console, format!("second_factor_{name}"), &theme);
    }
    console.type_text("123456");
    console.press(KeyCode::Enter);
    let codes = ["hf5q-2cry-q331-ymmq", "5ww2-sa5c-6kts-k96h", "s02w-qvyp-abdd-1ted"];
    let codes: Vec<Secret> = codes.into_iter().cycle().take(10).map(Into::into).collect();
    let next = session();
    console.answer(|effect| match effect {
        Effect::SetUpSecondFactor(generation, ..) => {
            Some(Message::SecondFactor(*generation, Ok((next.clone(), codes.clone()))))
        }
        _ => None,
    });
    looks_like_at(&mut console, "recovery_codes", &[NARROW, LEAST]);
    // One that has one already is told what becomes of it.
    for _ in 0..3 {
        console.press(KeyCode::Esc);
    }
    let mut next = session();
    next.has_second_factor = true;
    console.app.session = Some(next);
    let new = NewSecondFactor::with_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into());
    console.send(Message::NewSecondFactor(Ok(new)));
    looks_like_at(&mut console, "second_factor_again", &[NARROW, LEAST]);
}
