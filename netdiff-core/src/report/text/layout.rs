//! Lines, wrapping and columns.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;

/// A page that is being written.
pub(super) struct Page<'a> {
    pub(super) options: &'a TextOptions,
    text: String,
}

impl<'a> Page<'a> {
    pub(super) const fn new(options: &'a TextOptions) -> Self {
        Self {
            options,
            text: String::new(),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.options.width.max(TextOptions::MIN_WIDTH)
    }

    /// The widest column that names of flows get, so that something is left for what is said of them.
    pub(super) fn names(&self) -> usize {
        self.width().saturating_sub(34).max(16)
    }

    /// Text as it will be written: with signs that the terminal has. Whoever measures text measures this.
    pub(super) fn signs(&self, text: &str) -> String {
        if self.options.ascii {
            ascii_signs(text)
        } else {
            text.to_owned()
        }
    }

    /// One line as it is, without spaces at its end.
    pub(super) fn line(&mut self, line: &str) {
        let line = self.signs(line);
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// An empty line, never two in a row.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub(super) fn heading(&mut self, heading: &str) {
        self.blank();
        let styles = self.options.styles;
        let line = format!("{}{}{}", styles.heading, heading, styles.reset);
        self.line(&line);
        self.blank();
    }

    /// A paragraph: `first` begins its first line, spaces of the same width the others.
    pub(super) fn paragraph(&mut self, first: &str, text: &str) {
        for line in wrap(&self.signs(first), &self.signs(text), self.width()) {
            self.line(&line);
        }
    }

    /// The same, all of it in a style.
    pub(super) fn styled_paragraph(&mut self, style: &str, first: &str, text: &str) {
        let reset = self.options.styles.reset;
        for line in wrap(&self.signs(first), &self.signs(text), self.width()) {
            self.line(&format!("{style}{}{reset}", line.trim_end()));
        }
    }

    pub(super) fn finish(mut self) -> String {
        while self.text.ends_with("\n\n") {
            self.text.pop();
        }
        self.text
    }
}

/// netdiff's own signs in ASCII. Names stay as they are: another name would be a wrong one.
fn ascii_signs(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '→' | '↳' => ascii.push_str("->"),
            '±' => ascii.push_str("+-"),
            '…' => ascii.push_str("..."),
            '×' | '✗' => ascii.push('x'),
            'µ' => ascii.push('u'),
            '–' | '·' => ascii.push('-'),
            other => ascii.push(other),
        }
    }
    ascii
}

/// The lines of a paragraph. Where a word does not fit beside the indentation, all stands further left.
fn wrap(first: &str, text: &str, width: usize) -> Vec<String> {
    const LEFT: usize = 4;
    let longest = text.split_whitespace().map(shown).max();
    let wide = first.width() + longest.unwrap_or(0) > width && first.width() > LEFT;
    let indent = if wide { LEFT } else { first.width() };
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut filled = first.width();
    let mut empty = true;
    for word in text.split_whitespace() {
        let len = shown(word);
        let starts = empty && filled > indent && filled + len > width;
        if starts || (!empty && filled + 1 + len > width) {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            filled = indent;
            empty = true;
        }
        if !empty {
            line.push(' ');
            filled += 1;
        }
        line.push_str(word);
        filled += len;
        empty = false;
    }
    lines.push(line);
    lines
}

/// Columns that a word takes; escape codes take none.
fn shown(word: &str) -> usize {
    let mut parts = word.split("\x1b[");
    let first = parts.next().map_or(0, UnicodeWidthStr::width);
    let behind = |part: &str| part.split_once('m').map_or(0, |(_, text)| text.width());
    first + parts.map(behind).sum::<usize>()
}

/// `text` in a column of `width`, filled with spaces behind it; longer text is cut with `…`.
pub(super) fn left(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let fill = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(fill))
}

/// `text` in a column of `width`, filled with spaces before it.
pub(super) fn right(text: &str, width: usize) -> String {
    let fill = width.saturating_sub(text.width());
    format!("{}{text}", " ".repeat(fill))
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        let mut bytes = [0; 4];
        if short.width() + c.encode_utf8(&mut bytes).width() + 1 > width {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// `1 packet`, `2 packets`.
pub(super) fn count(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_wrap_and_hang() {
        let options = TextOptions {
            width: 72,
            ..TextOptions::default()
        };
        let mut page = Page::new(&options);
        page.paragraph("  1. ", &"word ".repeat(20));
        let text = page.finish();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.width() <= 72));
        assert!(lines[1].starts_with("     word"));
    }

    #[test]
    fn a_long_word_goes_left() {
        let lines = wrap("  a long beginning: ", "one 01234567890123456789 two", 30);
        let wrapped = ["  a long beginning: one", "    01234567890123456789 two"];
        assert_eq!(lines, wrapped);
        let lines = wrap("  a long beginning: ", "01234567890123456789", 30);
        assert_eq!(lines, ["  a long beginning: ", "    01234567890123456789"]);
        assert_eq!(shown("\x1b[1;31merrors\x1b[0m,"), 7);
    }

    #[test]
    fn ascii_has_netdiffs_signs_but_leaves_names() {
        assert_eq!(
            ascii_signs("✗ 主机 → b, 3 µs ± 1 µs …"),
            "x 主机 -> b, 3 us +- 1 us ..."
        );
    }

    #[test]
    fn columns_have_their_width() {
        assert_eq!(left("eth0", 6), "eth0  ");
        assert_eq!(left("ip-10-0-0-1", 6), "ip-10…");
        assert_eq!(right("7", 3), "  7");
    }
}
