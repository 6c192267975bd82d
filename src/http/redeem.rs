//! The page on which an admin sets a password with a one-time code, in a browser. It is plain HTML: no script, nothing
//! loaded from elsewhere, and nothing stored in the browser.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Form, Router,
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Service, limits::Limited, problem::Problem};
use crate::{
    org::{Field, Secret, escaped},
    store::Required,
    tenancy::Error,
};

const STYLE: &str = include_str!("redeem.css");

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/redeem", get(page).post(redeem))
}

/// What a link to the page may say already. A code is never part of an address.
#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    email: String,
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    email: String,
    code: String,
    password: Secret,
    again: Secret,
}

/// What is wrong with what was typed, and with which field.
struct Wrong {
    field: Option<Field>,
    what: String,
}

/// `GET /redeem`.
async fn page(
    State(service): State<Arc<Service>>,
    known: Result<Query<Known>, QueryRejection>,
) -> Response {
    let email = known.map(|known| known.0.email).unwrap_or_default();
    let typed = Typed { email, ..Typed::default() };
    service.form(StatusCode::OK, &typed, None)
}

/// `POST /redeem`.
async fn redeem(
    State(service): State<Arc<Service>>,
    parts: Parts,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let address = service.address(&parts.headers, &parts.extensions);
    let typed = match form {
        Ok(Form(typed)) => typed,
        Err(refused) => return service.unreadable(&refused),
    };
    let limit = match service.limits.count(Limited::Redeem, address) {
        Ok(limit) => limit,
        Err(refused) => {
            let what = "Too many attempts: wait a minute, then try again".to_owned();
            let wrong = Wrong { field: None, what };
            let mut page = service.form(StatusCode::TOO_MANY_REQUESTS, &typed, Some(&wrong));
            if let Some(left) = refused.headers().get(header::RETRY_AFTER) {
                page.headers_mut().insert(header::RETRY_AFTER, left.clone());
            }
            return page;
        }
    };
    let mut answered = if typed.password == typed.again {
        let tenancy = service.anonymous(&parts, Required::Nothing).in_session(None);
        let code = Secret::from(typed.code.clone());
        match tenancy.redeem(&typed.email, &code, &typed.password).await {
            Ok(org) => done(&typed.email, org.name.raw()),
            Err(error) => service.refused(&typed, error),
        }
    } else {
        let what = "The passwords do not match".to_owned();
        let wrong = Wrong { field: Some(Field::Password), what };
        service.form(StatusCode::UNPROCESSABLE_ENTITY, &typed, Some(&wrong))
    };
    answered.headers_mut().extend(limit);
    answered
}

impl Service {
    fn refused(&self, typed: &Typed, error: Error) -> Response {
        let field = match &error {
            Error::WrongCode => Some(Field::Code),
            error => error.field(),
        };
        let problem = Problem::from(error);
        let what = format!("{}: {}", sentence(&problem.what), problem.help);
        let mut page = self.form(problem.status, typed, Some(&Wrong { field, what }));
        if let Some(left) = problem.retry_after {
            page.headers_mut().insert(header::RETRY_AFTER, left.as_secs().max(1).into());
        }
        page
    }

    fn unreadable(&self, refused: &FormRejection) -> Response {
        let what = "The form could not be read: fill it in again".to_owned();
        let wrong = Wrong { field: None, what };
        self.form(refused.status(), &Typed::default(), Some(&wrong))
    }

    /// The form, with what was typed but for the passwords, and what is wrong with it.
    fn form(&self, status: StatusCode, typed: &Typed, wrong: Option<&Wrong>) -> Response {
        let alert = wrong.map(|wrong| {
            format!("<p class=\"wrong\" role=\"alert\" id=\"wrong\">{}</p>\n", html(&wrong.what))
        });
        let field = wrong.and_then(|wrong| wrong.field);
        let invalid = |own: Field| {
            let described = if own == Field::Password { "rules wrong" } else { "wrong" };
            if field == Some(own) {
                format!(" aria-invalid=\"true\" aria-describedby=\"{described}\" autofocus")
            } else if own == Field::Password {
                " aria-describedby=\"rules\"".to_owned()
            } else {
                String::new()
            }
        };
        let body = format!(
            "<h1>Set your password</h1>\n{alert}\
             <form method=\"post\" action=\"/redeem\">\n\
             <label for=\"email\">E-mail address</label>\n\
             <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" required \
             value=\"{email}\"{email_invalid}>\n\
             <label for=\"code\">One-time code</label>\n\
             <input id=\"code\" name=\"code\" autocomplete=\"one-time-code\" autocapitalize=\"off\" \
             spellcheck=\"false\" required value=\"{code}\"{code_invalid}>\n\
             <label for=\"password\">New password</label>\n\
             <p class=\"rules\" id=\"rules\">{rules}.</p>\n\
             <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" \
             required{password_invalid}>\n\
             <label for=\"again\">New password, again</label>\n\
             <input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" \
             required>\n\
             <button>Set password</button>\n</form>\n",
            alert = alert.unwrap_or_default(),
            email = html(&typed.email),
            code = html(&typed.code),
            rules = html(&sentence(&self.tenancy.password_policy().to_string())),
            email_invalid = invalid(Field::Email),
            code_invalid = invalid(Field::Code),
            password_invalid = invalid(Field::Password),
        );
        document(status, &body)
    }
}

/// Confirms that the password is set.
fn done(email: &str, organization: &str) -> Response {
    let (email, organization) = (html(email.trim()), html(organization));
    let body = format!(
        "<h1>Password set</h1>\n<p role=\"status\">You can now log in to <strong>{organization}</strong> \
         as <strong>{email}</strong>. The code cannot be used again.</p>\n"
    );
    document(StatusCode::OK, &body)
}

/// A page, which no other page may show in a frame, and no browser keeps.
fn document(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Set your password</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    );
    let mut response = (status, Html(page)).into_response();
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Text as HTML shows it: nothing in it is a tag, and what cannot be seen is written out.
fn html(text: &str) -> String {
    let mut out = String::new();
    for character in escaped(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "&#{};", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}
