//! JSON Schema of what is written as JSON, generated from the types that are written.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};

use crate::profile::BaselineFile;
use crate::report::{InspectReport, Report};

/// JSON that is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Described {
    /// What `trace` and `diff` write.
    Report,
    /// What `baseline` writes.
    Baseline,
    /// What `inspect` writes of captures.
    Inspection,
}

impl Described {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Report, Self::Baseline, Self::Inspection];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Baseline => "baseline",
            Self::Inspection => "inspect",
        }
    }
}

/// The JSON Schema (draft 2020-12), pretty-printed with a final newline.
///
/// It describes what this version writes. Within a `schema_version` properties are added: whoever reads must not be surprised by more.
#[must_use]
pub fn json_schema(of: Described) -> String {
    let schema = match of {
        Described::Report => schema_of::<Report>("netdiff report"),
        Described::Baseline => schema_of::<BaselineFile>("netdiff baseline"),
        Described::Inspection => schema_of::<InspectReport>("netdiff inspect"),
    };
    format!("{:#}\n", schema.as_value())
}

fn schema_of<T: JsonSchema>(title: &str) -> Schema {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    RecursiveTransform(|schema: &mut Schema| {
        if let Some(text) = schema.get("description").and_then(|text| text.as_str()) {
            let text = without_links(text);
            schema.insert("description".to_owned(), text.into());
        }
    })
    .transform(&mut schema);
    schema
}

/// The text of a doc comment with the names of links, and without where they lead.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        plain.push_str(before);
        let Some((name, behind)) = link.split_once("`]") else {
            plain.push_str("[`");
            rest = link;
            continue;
        };
        plain.push('`');
        plain.push_str(name);
        plain.push('`');
        rest = match behind.strip_prefix('(').and_then(|b| b.split_once(')')) {
            Some((_, behind)) => behind,
            None => behind,
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_names() {
        for (text, plain) in [
            ("No link.", "No link."),
            ("See [`A`] and [`b`](super::b) (c).", "See `A` and `b` (c)."),
            ("[`Open", "[`Open"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }
}
