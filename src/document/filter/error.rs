//! Why something is no filter.

use crate::org::escaped_short;

/// The operators there are, as an error lists them.
pub(super) const OPERATORS: &str = "$eq $ne $gt $gte $lt $lte $in $nin $exists $type $all $elemMatch $size $regex \
                                    $options $and $or $nor $not";

/// How much of what was typed is shown.
const SHOWN: usize = 60;

/// Why a query is refused, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place(.at))]
pub struct FilterError {
    /// The keys that lead there, with points between them; empty for the query itself.
    pub at: String,
    /// What is wrong.
    pub problem: FilterProblem,
}

fn place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{}: ", escaped_short(at, SHOWN)) }
}

impl FilterError {
    /// The same, seen from one key further out.
    pub(super) fn below(mut self, key: &str) -> Self {
        self.at = if self.at.is_empty() { key.to_owned() } else { format!("{key}.{}", self.at) };
        self
    }
}

impl From<FilterProblem> for FilterError {
    fn from(problem: FilterProblem) -> Self {
        Self { at: String::new(), problem }
    }
}

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterProblem {
    /// One that is not in the list: code, geography, full text, or none at all.
    #[error("{} cannot be used here; use one of {OPERATORS}", escaped_short(.0, SHOWN))]
    Operator(String),
    /// One of the list at a place where only others stand.
    #[error("{0} cannot stand here; {1}")]
    Misplaced(&'static str, &'static str),
    /// The value of an operator is not what it takes.
    #[error("{0} takes {1}")]
    Value(&'static str, &'static str),
    /// The same key twice in one document, of which a shell would drop one.
    #[error("“{}” stands here twice; join the conditions with $and", escaped_short(.0, SHOWN))]
    Twice(String),
    /// A path without a name between two points, or a very long one.
    #[error("“{}” is no field; use names with single points between them, at most 100", escaped_short(.0, SHOWN))]
    Path(String),
    /// More levels of documents and arrays than are read.
    #[error("the query is nested too deeply; use at most {0} levels")]
    Deep(usize),
    /// A regular expression that is wrong, or that the databases would read differently.
    #[error("the regular expression {}", escaped_short(.0, 200))]
    Regex(String),
    /// No BSON, or a text that is not UTF-8.
    #[error("the query is damaged: its bytes are no BSON")]
    Malformed,
}
