//! The body of a call, checked in FastAPI's order and refused in its shape: a list of what is wrong, each with its type,
//! its place and its message. What was sent is not repeated, since a password may be in it.

use axum::{
    body::{Body as Stream, to_bytes},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Refused;
use crate::http::{answer, body::MOST_BYTES};

/// One thing that is wrong with the input.
#[derive(Serialize)]
pub(super) struct Fault {
    r#type: &'static str,
    loc: Vec<Value>,
    msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Value>,
}

impl Fault {
    fn new(r#type: &'static str, loc: Vec<Value>, msg: &str) -> Self {
        Self { r#type, loc, msg: msg.to_owned(), input: None, ctx: None }
    }

    /// A parameter is not there.
    pub(super) fn missing_in_query(name: &str) -> Self {
        let loc = vec!["query".into(), name.into()];
        Self { input: Some(Value::Null), ..Self::new("missing", loc, "Field required") }
    }

    /// A field of the body cannot have that value.
    pub(super) fn value(field: &str, why: &str) -> Self {
        let loc = vec!["body".into(), field.into()];
        let ctx = Some(json!({ "error": why }));
        Self { ctx, ..Self::new("value_error", loc, &format!("Value error, {why}")) }
    }

    fn of_field(r#type: &'static str, field: &str, msg: &str) -> Self {
        Self::new(r#type, vec!["body".into(), field.into()], msg)
    }
}

/// All that is wrong.
pub(super) struct Faults(Vec<Fault>);

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl IntoResponse for Faults {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Detail {
            detail: Vec<Fault>,
        }
        answer::json(StatusCode::UNPROCESSABLE_ENTITY, &Detail { detail: self.0 })
    }
}

/// A body. Fields are taken one after the other; [`Body::check`] says what was wrong with any of them.
pub(super) struct Body {
    sent: Sent,
    faults: Vec<Fault>,
}

enum Sent {
    Nothing,
    /// Something else than an object.
    Other,
    Object(Map<String, Value>),
}

impl Body {
    /// Reads the body. JSON is what says that it is.
    ///
    /// # Errors
    /// [`Refused`] where it is no text, or no JSON although it says so.
    pub(super) async fn read(parts: &Parts, stream: Stream) -> Result<Self, Refused> {
        let bytes = to_bytes(stream, MOST_BYTES).await.map_err(|_| Refused::Unreadable)?;
        let sent = if bytes.is_empty() {
            Sent::Nothing
        } else if says_json(parts) {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            let text = std::str::from_utf8(text).map_err(|_| Refused::Unreadable)?;
            match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => Sent::Object(fields),
                Ok(_) => Sent::Other,
                Err(error) => return Err(Refused::Input(no_json(text, &error).into())),
            }
        } else {
            Sent::Other
        };
        Ok(Self { sent, faults: Vec::new() })
    }

    /// A field that has to be there, as text; empty where it is not.
    pub(super) fn text(&mut self, field: &'static str) -> String {
        self.take(field, true).unwrap_or_default()
    }

    /// A field that may be missing, null or empty: none then.
    pub(super) fn optional_text(&mut self, field: &'static str) -> Option<String> {
        self.take(field, false).filter(|text| !text.is_empty())
    }

    fn take(&mut self, field: &'static str, required: bool) -> Option<String> {
        let Sent::Object(fields) = &mut self.sent else { return None };
        match fields.remove(field) {
            Some(Value::String(text)) => return Some(text),
            None if required => {
                self.faults.push(Fault::of_field("missing", field, "Field required"));
            }
            None => {}
            Some(Value::Null) if !required => {}
            Some(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_),
            ) => {
                let msg = "Input should be a valid string";
                self.faults.push(Fault::of_field("string_type", field, msg));
            }
        }
        None
    }

    /// Refuses the body where anything was wrong with it.
    ///
    /// # Errors
    /// All of that.
    pub(super) fn check(self) -> Result<(), Faults> {
        let whole = |r#type, msg| Fault::new(r#type, vec!["body".into()], msg);
        match self.sent {
            Sent::Nothing => {
                let fault = whole("missing", "Field required");
                Err(Fault { input: Some(Value::Null), ..fault }.into())
            }
            Sent::Other => {
                let msg = "Input should be a valid dictionary or object to extract fields from";
                Err(whole("model_attributes_type", msg).into())
            }
            Sent::Object(_) if self.faults.is_empty() => Ok(()),
            Sent::Object(_) => Err(Faults(self.faults)),
        }
    }
}

/// Whether the content is JSON: `application/json`, or `application/` something `+json`.
fn says_json(parts: &Parts) -> bool {
    let value = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// Where the text stops being JSON: counted in characters from its beginning, as Python counts.
fn no_json(text: &str, error: &serde_json::Error) -> Fault {
    let before = text.lines().take(error.line().saturating_sub(1));
    let before: usize = before.map(|line| line.chars().count() + 1).sum();
    let at = before + error.column().saturating_sub(1);
    let loc = vec!["body".into(), at.into()];
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    let fault = Fault::new("json_invalid", loc, "JSON decode error");
    Fault { input: Some(json!({})), ctx: Some(json!({ "error": why })), ..fault }
}
