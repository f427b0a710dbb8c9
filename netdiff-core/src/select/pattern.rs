//! Names with `*` in them.

use std::fmt;

/// A name in which each `*` stands for any characters, or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern(pub(super) String);

impl Pattern {
    /// Whether all of `name` fits. Takes at most the product of both lengths in steps.
    pub(super) fn fits(&self, name: &str) -> bool {
        let pattern = self.0.as_bytes();
        let name = name.as_bytes();
        let (mut at, mut here) = (0, 0);
        // Where to go on when the characters behind the last star do not fit: one character further on.
        let mut star: Option<(usize, usize)> = None;
        while let Some(&byte) = name.get(here) {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at + 1, here));
                    at += 1;
                }
                Some(&wanted) if wanted == byte => {
                    at += 1;
                    here += 1;
                }
                _ => {
                    let Some((behind, from)) = star else {
                        return false;
                    };
                    star = Some((behind, from + 1));
                    (at, here) = (behind, from + 1);
                }
            }
        }
        pattern
            .get(at..)
            .unwrap_or_default()
            .iter()
            .all(|byte| *byte == b'*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, fits) in [
            ("eth0", "eth0", true),
            ("eth0", "eth01", false),
            ("eth01", "eth0", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("veth*", "veth6916082e", true),
            ("*.1", "flannel.1", true),
            ("*.1", "flannel.12", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("**", "x", true),
            ("ü*", "über", true),
        ] {
            assert_eq!(
                Pattern(pattern.to_owned()).fits(name),
                fits,
                "{pattern} {name}"
            );
        }
    }
}
