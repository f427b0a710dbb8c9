//! Lines, wrapping and columns.

use unicode_width::UnicodeWidthStr;

use super::TextOptions;
use crate::types::{Language, Message, Noun, Say};

/// A page that is being written.
pub(super) struct Page<'a> {
    pub(super) options: &'a TextOptions,
    pub(super) language: Language,
    text: String,
}

impl<'a> Page<'a> {
    pub(super) const fn new(options: &'a TextOptions, language: Language) -> Self {
        Self {
            options,
            language,
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

    /// Text as it will be written: in the language, with signs that the terminal has. Whoever measures text measures this.
    pub(super) fn signs(&self, text: &(impl Say + ?Sized)) -> String {
        let text = text.said().render(self.language);
        if self.options.ascii {
            ascii_signs(&text)
        } else {
            text
        }
    }

    /// One line as it is, without spaces at its end.
    pub(super) fn line(&mut self, line: &(impl Say + ?Sized)) {
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

    pub(super) fn heading(&mut self, heading: &Message) {
        self.blank();
        let styles = self.options.styles;
        let line = format!("{}{}{}", styles.heading, self.signs(heading), styles.reset);
        self.line(&line);
        self.blank();
    }

    /// A paragraph: `first` begins its first line, spaces of the same width the others.
    pub(super) fn paragraph(&mut self, first: &(impl Say + ?Sized), text: &(impl Say + ?Sized)) {
        for line in wrap(&self.signs(first), &self.signs(text), self.width()) {
            self.line(&line);
        }
    }

    /// The same, all of it in a style.
    pub(super) fn styled_paragraph(
        &mut self,
        style: &str,
        first: &(impl Say + ?Sized),
        text: &(impl Say + ?Sized),
    ) {
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
    let pieces = pieces(text);
    let longest = pieces.iter().map(|(_, piece)| shown(piece)).max();
    let wide = first.width() + longest.unwrap_or(0) > width && first.width() > LEFT;
    let indent = if wide { LEFT } else { first.width() };
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut filled = first.width();
    let mut empty = true;
    for (spaced, piece) in pieces {
        let len = shown(&piece);
        let gap = usize::from(spaced);
        let starts = empty && filled > indent && filled + len > width;
        if starts || (!empty && filled + gap + len > width) {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            filled = indent;
            empty = true;
        }
        if !empty && spaced {
            line.push(' ');
            filled += 1;
        }
        line.push_str(&piece);
        filled += len;
        empty = false;
    }
    lines.push(line);
    lines
}

/// What a line may end behind: words, and between Chinese characters each of them; with it, whether a space stands before it. Chinese punctuation
/// that ends something stays with what is before it, and what opens something with what follows.
fn pieces(text: &str) -> Vec<(bool, String)> {
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for word in text.split_whitespace() {
        let mut spaced = true;
        let mut before = None;
        for c in word.chars() {
            let joined = match before {
                None => false,
                Some(last) => !may_part(last, c),
            };
            match pieces.last_mut().filter(|_| joined) {
                Some((_, piece)) => piece.push(c),
                None => pieces.push((spaced, c.to_string())),
            }
            (before, spaced) = (Some(c), false);
        }
    }
    pieces
}

/// Whether a line may end between two characters that no space parts (a small part of UAX #14).
fn may_part(before: char, after: char) -> bool {
    let ends = "，。；：、！？）》」』”’…%";
    let opens = "（《「『“‘";
    (is_chinese(before) || is_chinese(after)) && !ends.contains(after) && !opens.contains(before)
}

/// A character that is written without spaces around it: CJK, and full-width punctuation.
const fn is_chinese(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
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
pub(super) const fn count(n: u64, what: Noun) -> Message {
    Message::count(n, what)
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
        let mut page = Page::new(&options, Language::English);
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
    fn chinese_wraps_between_characters_and_not_before_punctuation() {
        let lines = wrap("  ", "数据包离开 eth0，再也没有到达。", 16);
        assert_eq!(lines, ["  数据包离开", "  eth0，再也没有", "  到达。"]);
        let lines = wrap("", "甲乙（丙）丁", 6);
        assert_eq!(lines, ["甲乙", "（丙）", "丁"]);
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
