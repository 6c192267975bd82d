//! Organizations one a line, for other programs: JSON, comma- or tab-separated values, or names alone.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{
    Failure,
    sizes::{SIZE_FIELDS, SizedFields},
};
use crate::{
    config::Output,
    org::{Org, OrgFields, escaped, json_text},
    tenancy::SizeFields,
};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// An object a line.
    Json,
    /// RFC 4180, with `\n` as the line end.
    Commas,
    /// Cells have no tabs and no line ends.
    Tabs,
    /// The name alone.
    Names,
}

impl Lines {
    /// The kind of lines of an output format, if it has any.
    pub(super) fn of(output: Output) -> Option<Self> {
        match output {
            Output::Json | Output::Table | Output::Canonical | Output::Shell => None,
            Output::Ndjson => Some(Self::Json),
            Output::Csv => Some(Self::Commas),
            Output::Tsv => Some(Self::Tabs),
            Output::Name => Some(Self::Names),
        }
    }
}

/// Which fields are written, and whether a header names them.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    /// None for all.
    pub(super) fields: Vec<String>,
    /// Whether those of sizes are written beside them.
    pub(super) sizes: bool,
    pub(super) header: bool,
}

impl Columns {
    fn names(&self) -> Vec<&str> {
        let mut names = if self.fields.is_empty() {
            OrgFields::NAMES.to_vec()
        } else {
            self.fields.iter().map(String::as_str).collect()
        };
        if self.sizes {
            let more = SIZE_FIELDS.into_iter().filter(|field| !names.contains(field));
            names.extend(more.collect::<Vec<_>>());
        }
        names
    }

    /// Whether sizes have to be asked for.
    pub(super) fn have_sizes(&self) -> bool {
        self.names().iter().any(|name| SIZE_FIELDS.contains(name))
    }

    /// The header line, if there is one.
    pub(super) fn heading(&self, lines: Lines) -> String {
        match lines {
            Lines::Json | Lines::Names => String::new(),
            Lines::Commas | Lines::Tabs if !self.header => String::new(),
            Lines::Commas => self.names().join(",") + "\n",
            Lines::Tabs => self.names().join("\t") + "\n",
        }
    }

    /// One organization, with its size where [`Columns::have_sizes`].
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub(super) fn line(
        &self,
        lines: Lines,
        org: &Org,
        size: Option<SizeFields>,
    ) -> Result<String, Failure> {
        if lines == Lines::Names {
            return Ok(format!("{}\n", org.name));
        }
        let io = |error: serde_json::Error| Failure::Io(error.to_string());
        // As text first: that is where hidden characters are escaped.
        let text = json_text(&SizedFields::listed(org, size)).map_err(io)?;
        let all: Map<String, Value> = serde_json::from_str(&text).map_err(io)?;
        if lines == Lines::Json {
            let names = self.names();
            let fields = OrgFields::NAMES.into_iter().chain(SIZE_FIELDS);
            let fields = fields.filter(|field| names.contains(field));
            let kept = fields.filter_map(|field| Some((field, all.get(field)?))).collect();
            return Ok(one_line(&json_text(&Fields(kept)).map_err(io)?));
        }
        let cell = |field: &str| match all.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            None if field == "state" => "active".to_owned(),
            Some(_) | None => String::new(),
        };
        let cells = self.names().into_iter().map(|field| {
            let cell = cell(field);
            let cell = escaped(&cell);
            if lines == Lines::Commas { quoted(&cell) } else { cell.into_owned() }
        });
        let between = if lines == Lines::Commas { "," } else { "\t" };
        Ok(cells.collect::<Vec<_>>().join(between) + "\n")
    }
}

/// JSON on one line: line ends occur only between values. Empty text stays empty.
pub(super) fn one_line(json: &str) -> String {
    let end = if json.is_empty() { "" } else { "\n" };
    let gap = |line: &str| if line.ends_with(',') { " " } else { "" };
    json.lines().flat_map(|line| [line.trim_start(), gap(line)]).chain([end]).collect()
}

/// Fields in their order.
struct Fields<'a>(Vec<(&'a str, &'a Value)>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// A CSV cell. If a spreadsheet would take it for a formula, an apostrophe is prepended.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\n', '\r', '\'']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orgs;

    fn lines(lines: Lines, fields: &[&str], name: &str) -> String {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        let columns = Columns { fields, sizes: false, header: true };
        let org = orgs::org(1, name, "ada@acme.com");
        let Ok(line) = columns.line(lines, &org, None) else { panic!("no line") };
        columns.heading(lines) + &line
    }

    #[test]
    fn a_cell_is_one_cell_whatever_is_in_it() {
        let fields = ["organization_name", "admin_email"];
        let commas = |name| lines(Lines::Commas, &fields, name);
        assert_eq!(commas("acme"), "organization_name,admin_email\nacme,ada@acme.com\n");
        assert!(commas("Acme, Inc.").contains("\n\"Acme, Inc.\",ada"));
        assert!(commas("a\"b").contains("\n\"a\"\"b\",ada"));
        assert!(commas("=HYPERLINK(1)").contains("\n\"'=HYPERLINK(1)\",ada"));
        assert!(commas("a\nb").contains("\na\\u{a}b,ada"));
        let tabs = lines(Lines::Tabs, &fields, "a\tb");
        assert_eq!(tabs, "organization_name\tadmin_email\na\\u{9}b\tada@acme.com\n");
    }

    #[test]
    fn a_line_of_json_is_an_object_with_the_fields_asked_for() {
        let line = lines(Lines::Json, &["organization_name"], "a\u{202e}\"b");
        assert_eq!(line, "{\"organization_name\": \"a\\u202e\\\"b\"}\n");
        assert!(!lines(Lines::Json, &[], "acme").contains(",\""), "a space after each comma");
        let whole = lines(Lines::Json, &[], "acme");
        let value: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(value["admin_email"], "ada@acme.com");
    }
}
