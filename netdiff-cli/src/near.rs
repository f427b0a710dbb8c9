//! What was probably meant by a name that does not exist.

use crate::language::{language, said};
use netdiff_core::{Ignore, IgnoreError, Language, explain, explain_all};

/// `did you mean X?`; `None` if nothing is near.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let far = |known: &&&str| strsim::osa_distance(name, known);
    let nearest = known.iter().min_by_key(far)?;
    // A third of the letters may be wrong.
    let near = strsim::osa_distance(name, nearest) * 3 <= name.len().max(3);
    near.then(|| said!("did you mean {nearest}?", nearest))
}

/// Why something cannot be ignored, with what can be.
pub(crate) fn unknown_item(error: &IgnoreError) -> String {
    let IgnoreError::Unknown { name } = error else {
        return language().retold(&error.to_string());
    };
    let names = Ignore::names();
    let help = did_you_mean(name, &names).unwrap_or_else(|| {
        let kinds: Vec<&str> = names
            .into_iter()
            .filter(|name| explain(name, Language::English).is_none())
            .collect();
        said!(
            "kinds are {kinds}; `netdiff explain` lists the rules",
            kinds = kinds.join(", ")
        )
    });
    let error = language().retold(&error.to_string());
    said!("{error}; {help}", error, help)
}

/// Words of a rule's name that are shared by too many to mean one.
const MAX_SHARED: usize = 8;

/// Why there is nothing to explain: the rule that was probably meant, else those that share a word with it.
pub(crate) fn unknown_rule(name: &str) -> String {
    let no = said!("there is no rule '{name}'", name);
    let rules: Vec<&str> = explain_all(Language::English)
        .iter()
        .map(|rule| rule.rule)
        .collect();
    if Ignore::names().contains(&name) {
        return said!(
            "'{name}' is a kind of difference, not a rule: where the clusters differ in it, `netdiff diff` says how; `netdiff explain` \
             lists the rules",
            name
        );
    }
    let topics: Vec<&str> = rules.iter().copied().chain(["selection"]).collect();
    if let Some(near) = did_you_mean(&name.to_ascii_lowercase(), &topics) {
        return said!("{error}; {help}", error = no, help = near);
    }
    let words: Vec<&str> = name.split('-').filter(|word| word.len() > 2).collect();
    let near: Vec<&str> = rules
        .into_iter()
        .filter(|rule| words.iter().any(|word| rule.contains(word)))
        .take(MAX_SHARED)
        .collect();
    match near.as_slice() {
        [] => said!("{no}; `netdiff explain` lists them all", no),
        near => said!("{no}; did you mean {near}?", no, near = near.join(", ")),
    }
}
