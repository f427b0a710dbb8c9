//! Text that others wrote, made safe to show: names in captures, archives and manifests come from strangers.

use std::fmt::Write;

/// Whether a character shows as itself: no control character, none that turns the direction of the text around it, and none that
/// takes no room.
#[must_use]
pub fn is_shown(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'))
}

/// The text in one line, with what would not show written as `\u{1b}`: texts that differ still differ.
#[must_use]
pub fn visible(text: &str) -> String {
    shown(text, is_shown)
}

/// The same with its line breaks.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    shown(text, |c| c == '\n' || is_shown(c))
}

fn shown(text: &str, is_shown: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_shown(c) {
            out.push(c);
        } else {
            // Writing to a text does not fail.
            let _ = write!(out, "{}", c.escape_unicode());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_show_is_written_out() {
        assert_eq!(visible("eth0 – übung 中"), "eth0 – übung 中");
        assert_eq!(
            visible("\u{1b}[2J\r\n\u{9b}m"),
            "\\u{1b}[2J\\u{d}\\u{a}\\u{9b}m"
        );
        assert_eq!(
            visible("a\u{202e}b\u{200b}\u{2028}"),
            "a\\u{202e}b\\u{200b}\\u{2028}"
        );
        assert_eq!(visible_lines("a\nb\u{7}"), "a\nb\\u{7}");
    }
}
