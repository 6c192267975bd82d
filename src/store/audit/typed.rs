//! A filter of the audit log as it is typed: `key:value` for what is known of an entry, and words for the rest.

use bson::{DateTime, oid::ObjectId};

use super::{AuditFilter, Outcome, Part, Within};
use crate::org::{OperationKind, earlier, escaped_short};

/// The longest word, in characters: no text in an entry is longer.
const WORD_MOST: usize = 300;

/// Why a filter cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// `action:` with something else.
    #[error(
        "no action begins with “{}”; did you mean action:{near}? The actions: {}",
        escaped_short(typed, 30),
        all(OperationKind::KNOWN.iter().map(OperationKind::typed))
    )]
    Action {
        /// What was typed.
        typed: String,
        /// The action that looks most like it.
        near: String,
    },
    /// `result:` with something else.
    #[error("use result: with one of {}", all(Outcome::ALL.into_iter().map(Outcome::typed)))]
    Result,
    /// `since:` or `until:` with something else.
    #[error(
        "use {0}: with a day (2026-11-20), a time (2026-11-20T10:30:00Z) or an age (30m, 12h, 7d)"
    )]
    Time(&'static str),
    /// `operator:` or `org:` with nothing.
    #[error("use {0} a part of it")]
    Empty(&'static str),
    /// A word of more than three hundred characters.
    #[error("no text in the audit log is that long")]
    TooLong,
}

fn all(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// Reads a filter. Ages are before `now`. What has the key of no filter is a word.
///
/// # Errors
/// What cannot be understood, the first such thing.
pub fn parse_filter(typed: &str, now: DateTime) -> Result<AuditFilter, FilterFault> {
    let mut filter = AuditFilter::ALL;
    for word in typed.split_whitespace() {
        if word.chars().count() > WORD_MOST {
            return Err(FilterFault::TooLong);
        }
        let keyed = word.split_once(':').map(|(key, value)| (key.to_lowercase(), value));
        let Some((key, value)) = keyed else {
            filter.parts.push(Part::new(Within::Anything, word));
            continue;
        };
        match key.as_str() {
            "operator" if value.is_empty() => {
                return Err(FilterFault::Empty("operator: with an e-mail, a user@host, or"));
            }
            "operator" => filter.parts.push(Part::new(Within::Operator, value)),
            "org" if value.is_empty() => {
                return Err(FilterFault::Empty("org: with an id, a name, or"));
            }
            "org" => match ObjectId::parse_str(value) {
                Ok(id) => filter.of = Some((Some(id), String::new())),
                Err(_) => filter.parts.push(Part::new(Within::Organization, value)),
            },
            "action" => filter.actions.extend(actions(value)?),
            "result" => {
                let begun = value.to_lowercase();
                let found: Vec<Outcome> =
                    Outcome::ALL.into_iter().filter(|o| o.typed().starts_with(&begun)).collect();
                if begun.is_empty() || found.is_empty() {
                    return Err(FilterFault::Result);
                }
                filter.outcomes.extend(found);
            }
            "since" => {
                let since = earlier(value, now).ok_or(FilterFault::Time("since"))?;
                filter.since = filter.since.max(Some(since));
            }
            "until" => {
                let until = earlier(value, now).ok_or(FilterFault::Time("until"))?;
                filter.until = filter.until.into_iter().chain([until]).min();
            }
            _ => filter.parts.push(Part::new(Within::Anything, word)),
        }
    }
    Ok(filter)
}

/// The actions that begin so: a filter is read with each letter that is typed. The whole name of one means that
/// one alone.
fn actions(value: &str) -> Result<Vec<OperationKind>, FilterFault> {
    let typed = value.to_lowercase();
    let named = |name: &dyn Fn(&str) -> bool| -> Vec<OperationKind> {
        OperationKind::KNOWN.into_iter().filter(|action| name(&action.typed())).collect()
    };
    let whole = named(&|name| name == typed);
    let begun = named(&|name| !typed.is_empty() && name.starts_with(&typed));
    if whole.is_empty() && begun.is_empty() {
        let all = OperationKind::KNOWN.iter().map(OperationKind::typed);
        let near = all.min_by_key(|name| strsim::osa_distance(name, &typed)).unwrap_or_default();
        return Err(FilterFault::Action { typed: value.to_owned(), near });
    }
    Ok(if whole.is_empty() { begun } else { whole })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::org::timestamp;

    const NOW: DateTime = DateTime::from_millis(1_795_170_600_000);

    fn read(typed: &str) -> Result<AuditFilter, FilterFault> {
        parse_filter(typed, NOW)
    }

    #[test]
    fn words_and_filters_are_read_together() {
        let filter = read("  Ops@ operator:kim org:acme action:suspend result:refused ").unwrap();
        assert_eq!(filter.actions, [OperationKind::Suspend]);
        assert_eq!(filter.outcomes, [Outcome::Refused]);
        let parts = [
            Part::new(Within::Anything, "Ops@"),
            Part::new(Within::Operator, "kim"),
            Part::new(Within::Organization, "acme"),
        ];
        assert_eq!(filter.parts, parts);
        assert_eq!(read(""), Ok(AuditFilter::ALL));
        // No filter is called so.
        assert_eq!(read("12:30").unwrap().parts, [Part::new(Within::Anything, "12:30")]);
        let id = ObjectId::new();
        assert_eq!(read(&format!("org:{id}")), Ok(AuditFilter::of(Some(id), "")));
    }

    #[test]
    fn times_narrow_and_what_is_typed_first_counts_too() {
        let times = |typed: &str| {
            let filter = read(typed).unwrap();
            (filter.since.map(timestamp), filter.until.map(timestamp))
        };
        let shown = |text: &str| Some(text.to_owned());
        assert_eq!(
            times("since:7d until:2026-11-20T08:00:00Z"),
            (shown("2026-11-13 10:30 UTC"), shown("2026-11-20 08:00 UTC"))
        );
        assert_eq!(times("since:12h since:7d"), (shown("2026-11-19 22:30 UTC"), None));
        assert_eq!(times("until:7d until:12h"), (None, shown("2026-11-13 10:30 UTC")));
    }

    #[test]
    fn an_action_or_a_result_is_known_by_its_beginning_and_several_are_any_of_them() {
        let actions = |typed: &str| {
            let actions = read(typed).unwrap().actions;
            actions.iter().map(|action| action.code().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(actions("action:LOG-IN"), ["log in"]);
        assert_eq!(actions("action:add"), ["add admin", "add operator"]);
        assert_eq!(actions("action:trash action:purge"), ["trash", "purge"]);
        for action in OperationKind::KNOWN {
            assert_eq!(read(&format!("action:{}", action.typed())).unwrap().actions, [action]);
        }
        for outcome in Outcome::ALL {
            assert_eq!(read(&format!("result:{}", outcome.typed())).unwrap().outcomes, [outcome]);
        }
    }

    #[test]
    fn what_cannot_be_understood_says_what_can() {
        for (typed, says) in [
            ("action:supsend", "did you mean action:suspend?"),
            ("action:", "create, update, trash"),
            ("result:good", "taken-back"),
            ("result:", "done, refused"),
            ("since:yesterday", "since: with a day"),
            ("until:", "until: with a day"),
            ("operator:", "an e-mail"),
            ("org:", "an id"),
            (&"x".repeat(301), "that long"),
            ("action:\u{1b}[2J", "\\u{1b}"),
        ] {
            let fault = read(typed).unwrap_err().to_string();
            assert!(fault.contains(says) && !fault.contains('\u{1b}'), "{typed}: {fault}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_understood_or_said_to_be_wrong(
            typed in "((operator|org|action|result|since|until|x)?:?\\PC{0,8} ?){0,4}",
        ) {
            match read(&typed) {
                Ok(filter) => prop_assert_eq!(filter.is_empty(), typed.trim().is_empty()),
                Err(fault) => prop_assert!(!fault.to_string().is_empty()),
            }
        }
    }
}
