//! What was probably meant by a name that does not exist.

use netdiff_core::{Ignore, IgnoreError, explain};

/// `did you mean X?`; `None` if nothing is near.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let far = |known: &&&str| strsim::osa_distance(name, known);
    let nearest = known.iter().min_by_key(far)?;
    // A third of the letters may be wrong.
    let near = strsim::osa_distance(name, nearest) * 3 <= name.len().max(3);
    near.then(|| format!("did you mean {nearest}?"))
}

/// Why something cannot be ignored, with what can be.
pub(crate) fn unknown_item(error: &IgnoreError) -> String {
    let IgnoreError::Unknown { name } = error else {
        return error.to_string();
    };
    let names = Ignore::names();
    let help = did_you_mean(name, &names).unwrap_or_else(|| {
        let kinds: Vec<&str> = names
            .into_iter()
            .filter(|name| explain(name).is_none())
            .collect();
        format!(
            "kinds are {}; `netdiff explain` lists the rules",
            kinds.join(", ")
        )
    });
    format!("{error}; {help}")
}
