//! Finds the translation of an English sentence whose blanks are filled in already, by the template that it was made of.
//!
//! That is a last resort, for what is kept or passed on as a text: the findings of a baseline, which is in English whoever wrote it, and errors, which any
//! program may show. What is said anew is a [`Message`](super::Message).

use std::sync::OnceLock;

use super::message::fill;
use super::{Language, chinese};

/// Letters that a template must have outside its blanks, or it would fit anything.
const ENOUGH: usize = 6;

/// How deep the values of blanks are looked up themselves.
const DEPTH: usize = 3;

/// A text of the catalogue that has blanks.
struct Template {
    /// The texts between the blanks, one more than there are blanks.
    fixed: Vec<&'static str>,
    blanks: Vec<&'static str>,
    /// Letters outside the blanks.
    weight: usize,
    to: &'static str,
}

impl Language {
    /// An English sentence of netdiff's in this language; as it is where it is not known. Of several templates that it may be made of, the one with the
    /// most letters of its own is taken; of equals, the first of the alphabet.
    #[must_use]
    pub fn retold(self, english: &str) -> String {
        match self {
            Self::English => english.to_owned(),
            Self::Chinese => retold(english, DEPTH),
        }
    }
}

fn retold(english: &str, depth: usize) -> String {
    if let Some(to) = chinese().get(english) {
        return to.clone();
    }
    if depth == 0 {
        return english.to_owned();
    }
    let best = templates().iter().find_map(|template| {
        let values = template.values(english)?;
        Some((template, values))
    });
    let Some((template, values)) = best else {
        return english.to_owned();
    };
    template.filled(&values, depth)
}

/// Those with the most letters first.
fn templates() -> &'static [Template] {
    static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        let all = chinese().iter();
        let mut templates: Vec<Template> = all
            .filter_map(|(from, to)| Template::new(from, to))
            .collect();
        templates.sort_by(|a, b| (b.weight, &a.fixed).cmp(&(a.weight, &b.fixed)));
        templates
    })
}

impl Template {
    /// `None` where there are no blanks, or too little beside them.
    fn new(from: &'static str, to: &'static str) -> Option<Self> {
        let (mut fixed, mut blanks) = (Vec::new(), Vec::new());
        let mut rest = from;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}')?;
            fixed.push(before);
            blanks.push(name);
            rest = behind;
        }
        fixed.push(rest);
        let letters = |text: &&str| text.chars().filter(|c| c.is_alphabetic()).count();
        let weight = fixed.iter().map(letters).sum();
        (!blanks.is_empty() && weight >= ENOUGH).then_some(Self {
            fixed,
            blanks,
            weight,
            to,
        })
    }

    /// What stands in the blanks of a sentence; `None` if it is not made of this template.
    fn values<'a>(&self, sentence: &'a str) -> Option<Vec<&'a str>> {
        let (first, others) = self.fixed.split_first()?;
        let (last, inner) = others.split_last()?;
        let rest = sentence.strip_prefix(first)?;
        let mut rest = rest.strip_suffix(last)?;
        let mut values = Vec::new();
        for text in inner {
            // Two blanks side by side: the first takes all.
            let (value, behind) = match text.is_empty() {
                true => (rest, ""),
                false => rest.split_once(text)?,
            };
            values.push(value);
            rest = behind;
        }
        values.push(rest);
        Some(values)
    }

    /// Values that are no single words are looked up themselves: names are not.
    fn filled(&self, values: &[&str], depth: usize) -> String {
        let value = |blank: &str, nth: usize| {
            let named = self.blanks.iter().position(|known| *known == blank);
            let value = *values.get(named.filter(|_| !blank.is_empty()).unwrap_or(nth))?;
            Some(match value.trim().contains(' ') {
                true => retold(value, depth - 1),
                false => value.to_owned(),
            })
        };
        let (mut out, mut nameless) = (String::new(), 0);
        fill(self.to, &mut out, |blank, out| {
            // Blanks without a name keep their order among themselves.
            let unnamed = self
                .blanks
                .iter()
                .enumerate()
                .filter(|(_, name)| name.is_empty());
            let nth = unnamed.map(|(nth, _)| nth).nth(nameless).unwrap_or(0);
            nameless += usize::from(blank.is_empty());
            out.push_str(&value(blank, nth).unwrap_or_default());
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_known_by_its_template() {
        let template = Template::new("{a} of {b} packets end there: {c}", "{b}: {a}; {c}");
        let template = template.unwrap();
        let values = template.values("3 of 5 packets end there: why").unwrap();
        assert_eq!(values, ["3", "5", "why"]);
        assert_eq!(template.filled(&values, 1), "5: 3; why");
        assert!(template.values("3 of 5 packets").is_none());
        assert!(Template::new("{a}: {b}", "").is_none());
        assert!(Template::new("no blanks at all", "").is_none());
    }

    #[test]
    fn what_is_not_known_stays() {
        assert_eq!(Language::Chinese.retold("zzz qqq"), "zzz qqq");
    }
}
