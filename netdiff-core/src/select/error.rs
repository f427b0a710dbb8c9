//! What can be wrong with a selection.

/// A text that is no selection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}, found {found}")]
pub struct SelectionError {
    /// Where, in characters of the text, counted from 1.
    pub column: usize,
    /// What could have stood there.
    pub expected: &'static str,
    /// What stands there: a word in backticks, or the end.
    pub found: String,
}

impl SelectionError {
    /// The error that `text` has at the beginning of `rest`, which is its end.
    pub(super) fn at(text: &str, rest: &str, expected: &'static str) -> Self {
        let before = text.get(..text.len().saturating_sub(rest.len()));
        let word: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
        Self {
            column: before.map_or(1, |before| before.chars().count() + 1),
            expected,
            found: match word.as_str() {
                "" => "the end".to_owned(),
                word => format!("`{word}`"),
            },
        }
    }
}

/// A place or name in a selection that no set has: most likely misspelled, so that `not` would select everything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmatched {
    /// A capture point.
    #[error("no capture point is called {pattern}; there are {}", few(.known))]
    Point {
        /// What was asked for.
        pattern: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A name of addresses.
    #[error("no address is called {pattern}; {}", names(.known))]
    Name {
        /// What was asked for.
        pattern: String,
        /// What there is.
        known: Vec<String>,
    },
}

/// Names that a message lists before it only counts them.
const MOST_LISTED: usize = 12;

fn few(known: &[String]) -> String {
    let listed: Vec<&str> = known.iter().take(MOST_LISTED).map(String::as_str).collect();
    match known.len().saturating_sub(MOST_LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

fn names(known: &[String]) -> String {
    if known.is_empty() {
        return "nothing in the set names addresses: put `kubectl get pods -A -o json` beside the captures, or name them in \
                netdiff.toml"
            .to_owned();
    }
    format!("there are {}", few(known))
}
