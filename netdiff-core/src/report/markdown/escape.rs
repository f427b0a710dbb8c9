//! Text that others wrote, such as interfaces' names, as Markdown that shows it and does nothing else.

/// Escapes text for the middle of a line, in GitHub's Markdown: no emphasis, link, table cell, HTML, mention or reference comes of it. White space becomes one
/// space, and what cannot be seen is shown as `�`.
pub(super) fn text(text: &str) -> String {
    escaped(text, true)
}

/// Escapes text for the middle of an HTML line, such as the summary of what is folded, where Markdown has no effect.
pub(super) fn html(text: &str) -> String {
    escaped(text, false)
}

fn escaped(text: &str, markdown: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        let rest = line.get(at..).unwrap_or_default();
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' if markdown => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A comment that is not shown keeps GitHub from making mentions, references and links of them.
            '@' | '#' => {
                out.push(c);
                out.push_str(BREAK);
            }
            ':' if rest.starts_with("://") => {
                out.push(c);
                out.push_str(BREAK);
            }
            '.' if before.eq_ignore_ascii_case(&'w') => {
                out.push_str(BREAK);
                out.push(c);
            }
            c => out.push(visible(c)),
        }
        before = c;
    }
    out
}

/// A sentence of a finding: escaped, but for what it marks as code.
pub(super) fn prose(sentence: &str) -> String {
    let line = sentence.replace('\n', " ");
    let parts = crate::report::summary::code_parts(&line).into_iter();
    let parts = parts.map(|(is_code, part)| match is_code {
        true => code(part),
        false => spaced(part),
    });
    parts.collect()
}

/// Escaped, with the spaces around it.
fn spaced(part: &str) -> String {
    let (before, after) = (part.starts_with(' '), part.len() > 1 && part.ends_with(' '));
    let space = |wanted| if wanted { " " } else { "" };
    format!("{}{}{}", space(before), text(part), space(after))
}

const BREAK: &str = "<!-- -->";

/// Text as code inside a line. Between more backticks than it has in a row, it cannot end the code; a table cell ends at any `|`.
pub(super) fn code(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().map(visible).collect();
    let line = line.replace('|', "¦");
    let fence = "`".repeat(longest_run(&line) + 1);
    if line.starts_with('`') || line.ends_with('`') || line.is_empty() {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

/// Text as a block of code.
pub(super) fn block(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|c| if c == '\n' { c } else { visible(c) })
        .collect();
    let fence = "`".repeat(longest_run(&shown).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", shown.trim_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// Control characters, and those that turn the direction of text around them, are shown as `�`.
fn visible(c: char) -> char {
    if crate::report::summary::is_shown(c) {
        c
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_takes_effect() {
        assert_eq!(
            text("a*b_c`d|e<script>&x[1](y)"),
            "a\\*b\\_c\\`d\\|e&lt;script&gt;&amp;x\\[1\\](y)"
        );
        assert_eq!(
            text("@all #1\n\nhttp://x"),
            "@<!-- -->all #<!-- -->1 http:<!-- -->//x"
        );
        assert_eq!(text("\u{1b}[2J\u{202e}"), "�\\[2J�");
    }

    #[test]
    fn code_is_not_ended_by_what_is_in_it() {
        assert_eq!(code("eth0"), "`eth0`");
        assert_eq!(code("a`` b"), "```a`` b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b"), "`a¦b`");
        assert_eq!(block("x ``` y\n"), "````text\nx ``` y\n````\n");
    }
}
