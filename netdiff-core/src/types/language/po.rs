//! Reads the part of gettext's PO format that the catalogue uses: comments, `msgid`, `msgid_plural`, `msgstr`, `msgstr[0]`, strings over several
//! lines, and the escapes `\n`, `\t`, `\"` and `\\`. (GNU gettext, "The Format of PO Files".)

use std::fmt;

/// A text and its translation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The English text; of a count, its form for one.
    pub from: String,
    /// The English form for several; empty where it is no count.
    pub plural: String,
    /// The translation.
    pub to: String,
    /// Where the entry begins: a line, counted from 1.
    pub line: usize,
}

/// A line that is no PO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoError {
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for PoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: not what a PO file may hold", self.line)
    }
}

impl std::error::Error for PoError {}

/// Which string of an entry is being read.
#[derive(Clone, Copy)]
enum Part {
    From,
    Plural,
    To,
}

const KEYS: [(&str, Part); 4] = [
    ("msgid_plural ", Part::Plural),
    ("msgid ", Part::From),
    ("msgstr[0] ", Part::To),
    ("msgstr ", Part::To),
];

/// The entries of a PO file, without its header.
///
/// # Errors
///
/// The first line that is neither a comment nor a part of an entry.
pub fn read_po(text: &str) -> Result<Vec<Entry>, PoError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut part = None;
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let error = PoError { line: number };
        let key = KEYS
            .iter()
            .find_map(|(key, part)| Some((*part, line.strip_prefix(key)?)));
        let quoted = match key {
            Some((found, rest)) => {
                if matches!(found, Part::From) {
                    entries.push(Entry {
                        line: number,
                        ..Entry::default()
                    });
                }
                part = Some(found);
                rest
            }
            None => line,
        };
        let piece = unquoted(quoted).ok_or(error.clone())?;
        let (Some(entry), Some(part)) = (entries.last_mut(), part) else {
            return Err(error);
        };
        match part {
            Part::From => entry.from.push_str(&piece),
            Part::Plural => entry.plural.push_str(&piece),
            Part::To => entry.to.push_str(&piece),
        }
    }
    // The entry of the empty text is the file's header.
    entries.retain(|entry| !entry.from.is_empty());
    Ok(entries)
}

/// What stands between quotes, without escapes.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => out.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read() {
        let text = "# glossary\nmsgid \"\"\nmsgstr \"Language: zh_CN\\n\"\n\n#: a.rs\nmsgid \"a \\\"b\\\"\"\nmsgstr \"\"\n\"c\\n\"\n\"d\"\n\
                    \nmsgid \"{n} packet\"\nmsgid_plural \"{n} packets\"\nmsgstr[0] \"{n} 个数据包\"\n";
        let entries = read_po(text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!((&*entries[0].from, &*entries[0].to), ("a \"b\"", "c\nd"));
        assert_eq!(
            (&*entries[1].plural, &*entries[1].to),
            ("{n} packets", "{n} 个数据包")
        );
        assert_eq!(entries[1].line, 11);
    }

    #[test]
    fn what_is_no_po_is_refused_with_its_line() {
        for text in [
            "msgid \"a\nmsgstr \"b\"",
            "\"a\"",
            "what",
            "msgid \"a\\q\"",
            "msgid \"a\"b\"",
        ] {
            assert_eq!(read_po(text), Err(PoError { line: 1 }), "{text}");
        }
    }
}
