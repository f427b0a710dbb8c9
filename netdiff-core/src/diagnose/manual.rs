//! What a rule says of itself: one text for its findings, for `netdiff explain` and for the documentation.

use std::collections::BTreeMap;

use crate::types::Message;

/// Everything about a rule that does not depend on captures.
///
/// Texts of causes, commands and remedies may hold blanks, [`BLANKS`], that a finding fills in: `{port}`. Where nothing is known, and in
/// `netdiff explain`, a blank stands in capitals: `PORT`.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// What is wrong: one clause without a full stop, for lists.
    pub summary: &'static str,
    /// What it means to the people who use the cluster, and how it comes about.
    pub meaning: &'static str,
    /// What must be in the captures for the rule to speak, and its tie-breaks; a sentence an entry.
    pub looks_for: &'static [&'static str],
    /// What would show that the rule is wrong; a sentence an entry.
    pub refuted_by: &'static [&'static str],
    /// What may have brought it about, likelier first.
    pub causes: &'static [LikelyCause],
    /// What helps, in order of preference.
    pub remedy: &'static [&'static str],
    /// What the rule cannot see, and what looks like it.
    pub limits: &'static [&'static str],
    /// Where it is described: RFCs, kernel documentation, public issues.
    pub references: &'static [&'static str],
}

/// What may have brought a fault about, and how to find out.
#[derive(Clone, Copy, Debug)]
pub struct LikelyCause {
    /// What may be wrong.
    pub cause: &'static str,
    /// The command to run, or what to look at, to confirm it.
    pub confirm: &'static str,
}

/// The blanks that texts may hold.
pub const BLANKS: &[(&str, &str)] = &[
    ("from", "the node where the packets were last seen"),
    ("to", "the node that they should have reached next"),
    ("last_seen", "the capture point that saw them last"),
    ("next", "the capture point that should have seen them next"),
    ("vtep", "the tunnel device"),
    ("uplink", "the node's network interface"),
    ("bridge", "the pods' bridge"),
    ("source", "the inner source address"),
    ("destination", "the inner destination address"),
    ("outer_source", "the tunnel's source address"),
    ("outer_destination", "the tunnel's destination address"),
    ("port", "the tunnel's UDP destination port"),
    ("vni", "the tunnel's virtual network identifier"),
    ("address", "the address in question"),
    ("mac", "the link address in question"),
    ("expected_mac", "the link address that it should be"),
    ("mtu", "a size in bytes"),
    ("service", "the service's address"),
    ("service_port", "the service's port"),
    ("subnet", "a range of addresses"),
];

/// What a finding knows of the blanks.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled(BTreeMap<&'static str, String>);

impl Filled {
    /// Fills a blank; the first value stays.
    pub(super) fn fill(&mut self, blank: &'static str, value: impl Into<String>) {
        debug_assert!(BLANKS.iter().any(|(name, _)| *name == blank), "{blank}");
        let value = || match blank {
            "from" | "to" | "last_seen" | "next" | "vtep" | "uplink" | "bridge" => {
                for_a_shell(value.into())
            }
            _ => value.into(),
        };
        self.0.entry(blank).or_insert_with(value);
    }

    /// The text with its blanks filled in.
    pub(super) fn apply(&self, text: &'static str) -> Message {
        let there = BLANKS
            .iter()
            .filter(|(name, _)| text.contains(&format!("{{{name}}}")));
        let values = there.map(|(name, _)| (*name, self.word(name)));
        Message::blanks(text, values.collect())
    }

    /// The value of a blank, or its name in capitals.
    fn word(&self, blank: &str) -> String {
        let value = self.0.get(blank).cloned();
        value.unwrap_or_else(|| blank.to_uppercase())
    }
}

/// A name as a shell takes it for one word: people copy commands, and names in captures come from strangers.
fn for_a_shell(name: String) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-@:+/%=,".contains(c);
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain) {
        return name;
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

/// The text with every known blank in capitals. Other braces stay as they are: commands have them.
#[must_use]
pub fn with_capitals(text: &str) -> String {
    let mut out = text.to_owned();
    for (name, _) in BLANKS {
        out = out.replace(&format!("{{{name}}}"), &name.to_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Language;

    #[test]
    fn a_name_in_a_command_is_one_word() {
        for (name, word) in [
            ("flannel.1", "flannel.1"),
            ("if3@übung", "if3@übung"),
            ("eth0; rm -rf ~", "'eth0; rm -rf ~'"),
            ("$(reboot)`id`", "'$(reboot)`id`'"),
            ("it's", "'it'\\''s'"),
            ("-x", "'-x'"),
            ("", "''"),
        ] {
            let mut filled = Filled::default();
            filled.fill("vtep", name);
            filled.fill("address", "10.0.0.1 and 10.0.0.2");
            let text = filled.apply("`ip link show {vtep}` # {address}");
            let expected = format!("`ip link show {word}` # 10.0.0.1 and 10.0.0.2");
            assert_eq!(text.render(Language::English), expected);
        }
    }

    #[test]
    fn blanks_are_filled_and_others_stand_in_capitals() {
        let mut filled = Filled::default();
        filled.fill("port", "4789");
        filled.fill("port", "1");
        let text = "tcpdump -i {uplink} udp port {port} # {json: {}}";
        assert_eq!(
            filled.apply(text).render(Language::English),
            "tcpdump -i UPLINK udp port 4789 # {json: {}}"
        );
        assert_eq!(
            with_capitals(text),
            "tcpdump -i UPLINK udp port PORT # {json: {}}"
        );
    }
}
