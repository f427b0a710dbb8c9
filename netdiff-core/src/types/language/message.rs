//! A sentence that does not know its language yet.

use super::Language;

/// What is to be said, until it is known in which language.
///
/// Rooms before `report` make messages, with [`message!`](crate::message), and do not know the language; who shows them [renders](Message::render) them. A
/// message has no `Display`, so that none comes out in English by accident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(Kind);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The same in every language: a name, a number, an address, a command.
    Verbatim(String),
    /// An English sentence that was kept as a text: it is looked up word by word.
    Told(String),
    /// A text of the catalogue, with values for its blanks.
    Template(&'static str, Vec<(&'static str, Message)>),
    /// So many of something.
    Counted(u64, Noun),
    /// Messages one after the other, with a text of the catalogue between them.
    Joined(Vec<Message>, &'static str),
    /// A rule's text with the blanks that a finding knows, or in capitals.
    Blanks(&'static str, Vec<(&'static str, String)>),
}

/// What can be counted, see [`noun!`](crate::noun).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Noun {
    /// With `{n}`, for one.
    pub one: &'static str,
    /// With `{n}`, for several.
    pub many: &'static str,
}

/// What can stand in a message.
pub trait Say {
    /// As a message: texts, names and numbers as they are.
    fn said(&self) -> Message;
}

impl<T: std::fmt::Display + ?Sized> Say for T {
    fn said(&self) -> Message {
        Message::verbatim(self.to_string())
    }
}

impl Say for &Message {
    fn said(&self) -> Message {
        (*self).clone()
    }
}

impl Say for Message {
    fn said(&self) -> Message {
        self.clone()
    }
}

/// By the English words, so that no order depends on the language.
impl Ord for Message {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let english = |message: &Self| message.render(Language::English);
        let by_words = english(self).cmp(&english(other));
        by_words.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Message {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Message {
    fn default() -> Self {
        Self::empty()
    }
}

impl Message {
    /// The same in every language.
    #[must_use]
    pub fn verbatim(text: impl Into<String>) -> Self {
        Self(Kind::Verbatim(text.into()))
    }

    /// An English sentence of netdiff's that was kept as a text, such as those in a baseline; in another language it is what the catalogue has for
    /// it, if it has it.
    #[must_use]
    pub fn told(english: impl Into<String>) -> Self {
        Self(Kind::Told(english.into()))
    }

    /// Nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Kind::Verbatim(String::new()))
    }

    /// A text of the catalogue, which was marked with [`text!`](crate::text) where it stands.
    #[must_use]
    pub const fn text(english: &'static str) -> Self {
        Self(Kind::Template(english, Vec::new()))
    }

    /// See [`message!`](crate::message), which checks the names.
    #[must_use]
    pub const fn template(english: &'static str, values: Vec<(&'static str, Self)>) -> Self {
        Self(Kind::Template(english, values))
    }

    /// `1 packet`, `2 packets`.
    #[must_use]
    pub const fn count(n: u64, noun: Noun) -> Self {
        Self(Kind::Counted(n, noun))
    }

    /// One after the other; `between` is marked with [`text!`](crate::text) where it stands.
    #[must_use]
    pub fn join(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        Self(Kind::Joined(parts.into_iter().collect(), between))
    }

    /// The same of values that are given: names, numbers, or messages.
    #[must_use]
    pub fn list<T: Say>(parts: &[T], between: &'static str) -> Self {
        Self::join(parts.iter().map(Say::said), between)
    }

    /// Every text that stands in it as it is, and every value, changed.
    pub(crate) fn rewrite(&mut self, change: &impl Fn(&str) -> String) {
        match &mut self.0 {
            Kind::Verbatim(text) | Kind::Told(text) => *text = change(text),
            Kind::Template(_, values) => {
                for (_, value) in values {
                    value.rewrite(change);
                }
            }
            Kind::Counted(..) => {}
            Kind::Joined(parts, _) => parts.iter_mut().for_each(|part| part.rewrite(change)),
            Kind::Blanks(_, values) => {
                for (_, value) in values {
                    *value = change(value);
                }
            }
        }
    }

    /// A rule's text; `values` gives what stands in place of each of its known blanks.
    pub(crate) const fn blanks(english: &'static str, values: Vec<(&'static str, String)>) -> Self {
        Self(Kind::Blanks(english, values))
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Kind::Verbatim(text) | Kind::Told(text) => text.is_empty(),
            Kind::Template(english, _) | Kind::Blanks(english, _) => english.is_empty(),
            Kind::Counted(..) => false,
            Kind::Joined(parts, _) => parts.iter().all(Self::is_empty),
        }
    }

    /// In a language.
    #[must_use]
    pub fn render(&self, language: Language) -> String {
        let mut out = String::new();
        self.write(language, &mut out);
        out
    }

    fn write(&self, language: Language, out: &mut String) {
        match &self.0 {
            Kind::Verbatim(text) => out.push_str(text),
            Kind::Told(text) => out.push_str(&language.retold(text)),
            Kind::Template(english, values) => fill(language.text(english), out, |name, out| {
                if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                    value.write(language, out);
                }
            }),
            Kind::Counted(n, noun) => {
                // The catalogue has one form, under the English one for one; English has two.
                let template = match (language, n) {
                    (Language::English, 1) => noun.one,
                    (Language::English, _) => noun.many,
                    (Language::Chinese, _) => language.text(noun.one),
                };
                fill(template, out, |_, out| out.push_str(&n.to_string()));
            }
            Kind::Joined(parts, between) => {
                for (nth, part) in parts.iter().enumerate() {
                    if nth > 0 {
                        out.push_str(language.text(between));
                    }
                    part.write(language, out);
                }
            }
            Kind::Blanks(english, values) => {
                let mut text = language.text(english).to_owned();
                for (name, value) in values {
                    text = text.replace(&format!("{{{name}}}"), value);
                }
                out.push_str(&text);
            }
        }
    }
}

/// Writes a template; `value` writes what stands in place of a name in braces. Two braces are one, as in `format!`.
pub(super) fn fill(template: &str, out: &mut String, mut value: impl FnMut(&str, &mut String)) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        out.push_str(before);
        let doubled = brace.starts_with("{{") || brace.starts_with("}}");
        rest = match brace.split_once('}') {
            _ if doubled => {
                out.push_str(&brace[..1]);
                &brace[2..]
            }
            Some((name, behind)) if brace.starts_with('{') => {
                value(name.trim_start_matches('{'), out);
                behind
            }
            _ => {
                out.push_str(&brace[..1]);
                &brace[1..]
            }
        };
    }
    out.push_str(rest);
}

/// Refuses, when the program is compiled, a template whose blanks are not exactly `names`.
pub const fn check_template(template: &str, names: &[&str]) {
    let bytes = template.as_bytes();
    let (mut at, mut blanks) = (0, 0);
    while at < bytes.len() {
        let doubled = at + 1 < bytes.len() && bytes[at] == bytes[at + 1];
        if bytes[at] == b'{' && !doubled {
            let mut known = false;
            let mut nth = 0;
            while nth < names.len() {
                known |= blank_is(bytes, at + 1, names[nth].as_bytes());
                nth += 1;
            }
            assert!(known, "a blank of the message has no value of its name");
            blanks += 1;
        }
        at += if doubled && (bytes[at] == b'{' || bytes[at] == b'}') {
            2
        } else {
            1
        };
    }
    assert!(
        blanks >= names.len(),
        "the message has no blank for a value"
    );
}

/// Whether `name}` stands there.
const fn blank_is(bytes: &[u8], at: usize, name: &[u8]) -> bool {
    let mut nth = 0;
    while nth < name.len() {
        if at + nth >= bytes.len() || bytes[at + nth] != name[nth] {
            return false;
        }
        nth += 1;
    }
    at + nth < bytes.len() && bytes[at + nth] == b'}'
}

/// A [`Message`] of a text with named blanks: `message!("{n} of {all} packets are lost", n, all = sent.len())`. A value is anything that displays, which
/// stays as it is in every language, or another message. That blanks and values agree is checked when it is compiled.
#[macro_export]
macro_rules! message {
    (@value $name:ident) => {
        $crate::types::Say::said(&$name)
    };
    (@value $name:ident $value:expr) => {
        $crate::types::Say::said(&$value)
    };
    ($english:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        const _: () = $crate::types::check_template($english, &[$(stringify!($name)),*]);
        $crate::types::Message::template(
            $english,
            vec![$((stringify!($name), $crate::message!(@value $name $($value)?))),*],
        )
    }};
}

/// Marks a text for the catalogue, and is that text, in English: who shows it asks [`Language::text`](crate::Language::text).
#[macro_export]
macro_rules! text {
    ($english:literal) => {
        $english
    };
}

/// What [`Message::count`](crate::types::Message::count) counts: `noun!("packet")`, `noun!("copy", "copies")`.
#[macro_export]
macro_rules! noun {
    ($one:literal) => {
        $crate::types::Noun {
            one: concat!("{n} ", $one),
            many: concat!("{n} ", $one, "s"),
        }
    };
    ($one:literal, $many:literal) => {
        $crate::types::Noun {
            one: concat!("{n} ", $one),
            many: concat!("{n} ", $many),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(message: &Message) -> String {
        message.render(Language::English)
    }

    #[test]
    fn blanks_are_filled_by_name() {
        let what = message!("on {node}", node = "a");
        let all = message!("{n} of {n} lost {what}: {{x}}", n = 3, what);
        assert_eq!(english(&all), "3 of 3 lost on a: {x}");
    }

    #[test]
    fn counts_and_lists_are_said() {
        let parts = [1, 2].map(|n| Message::count(n, noun!("copy", "copies")));
        let list = Message::join(parts, " and ");
        assert_eq!(english(&list), "1 copy and 2 copies");
        assert_eq!(english(&Message::count(0, noun!("packet"))), "0 packets");
    }

    #[test]
    fn a_values_braces_stay() {
        let name = "{n}";
        assert_eq!(english(&message!("at {name} {n}", name, n = 1)), "at {n} 1");
    }

    #[test]
    fn a_damaged_template_does_not_panic() {
        for template in ["{", "}", "{a", "a}b", "{{", "{}{", "甲{"] {
            let mut out = String::new();
            fill(template, &mut out, |_, _| ());
        }
    }
}
