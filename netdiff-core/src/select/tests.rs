//! The language: what is read, what is refused and where, and that what is written reads back.

use proptest::prelude::*;

use super::expression::Selection;

fn written(text: &str) -> String {
    Selection::parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .to_string()
}

#[test]
fn expressions_are_read_and_written() {
    for (text, canonical) in [
        ("icmp and 10.244.0.4", "icmp and 10.244.0.4"),
        ("  tcp  ", "tcp"),
        ("protocol 6 or proto udp", "tcp or udp"),
        ("protocol 200", "protocol 200"),
        ("host 10.244.0.4", "10.244.0.4"),
        ("net 10.244.0.4/16", "10.244.0.0/16"),
        ("10.244.0.4/32", "10.244.0.4"),
        ("fd00::1 or fd00::/64", "fd00::1 or fd00::/64"),
        ("src host 10.0.0.1", "src 10.0.0.1"),
        ("dst default/web-*", "dst default/web-*"),
        ("initiator kube-system/*", "initiator kube-system/*"),
        ("src port 53", "src port 53"),
        ("port 30000-32767", "port 30000-32767"),
        ("port 53-53", "port 53"),
        ("seen-at k8s-node2/*", "seen-at k8s-node2/*"),
        ("not-seen-at */flannel.1", "not seen-at */flannel.1"),
        ("!lost && (tcp || udp)", "not lost and (tcp or udp)"),
        ("not (tcp and udp)", "not (tcp and udp)"),
        ("not not all", "not not all"),
        ("tcp and (udp and icmp)", "tcp and udp and icmp"),
        ("tcp or udp and icmp", "tcp or udp and icmp"),
        ("(tcp or udp) and icmp", "(tcp or udp) and icmp"),
        ("since +5s until 10:33", ""),
        ("since +5s and until 10:33", "since +5s and until 10:33:00"),
        (
            "seen-at k8s-node2/eth0 and not port 53",
            "seen-at k8s-node2/eth0 and not port 53",
        ),
    ] {
        if canonical.is_empty() {
            assert!(Selection::parse(text).is_err(), "{text}");
        } else {
            assert_eq!(written(text), canonical);
            assert_eq!(written(canonical), canonical);
        }
    }
}

#[test]
fn errors_name_the_column_and_what_was_expected() {
    for (text, column, expected, found) in [
        ("", 1, "an address or network, a protocol", "the end"),
        (
            "icmp and 10.244.0.",
            10,
            "an address or network",
            "`10.244.0.`",
        ),
        ("icmp and", 9, "an address or network", "the end"),
        ("icmp 10.0.0.1", 6, "`and`, `or` or the end", "`10.0.0.1`"),
        ("(icmp or tcp", 13, "`and`, `or` or `)`", "the end"),
        ("icmp)", 5, "`and`, `or` or the end", "`)`"),
        ("los", 1, "assumed-lost", "`los`"),
        ("not seen-at eth0", 13, "NODE/INTERFACE", "`eth0`"),
        ("seen-at a/b/c", 9, "NODE/INTERFACE", "`a/b/c`"),
        ("port 65536", 6, "a port from 0 to 65535", "`65536`"),
        ("port 9-8", 6, "a range", "`9-8`"),
        ("src", 4, "an address, a network", "the end"),
        ("src host port", 10, "an address, a network", "`port`"),
        ("host and", 6, "a name", "`and`"),
        ("host 10.0.0.1/33", 6, "a network", "`10.0.0.1/33`"),
        ("protocol quic", 10, "a protocol by name", "`quic`"),
        ("since yesterday", 7, "a time", "`yesterday`"),
        ("über and tcp", 1, "an address", "`über`"),
        ("host über and x", 15, "an address", "`x`"),
    ] {
        let error = Selection::parse(text).unwrap_err();
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.expected.contains(expected), "{text}: {error}");
        assert_eq!(error.found, found, "{text}");
    }
}

#[test]
fn options_take_one_thing() {
    assert_eq!(
        Selection::seen_at("a/b").unwrap().to_string(),
        "seen-at a/b"
    );
    assert_eq!(Selection::protocol("17").unwrap().to_string(), "udp");
    assert_eq!(Selection::port("1-2").unwrap().to_string(), "port 1-2");
    assert_eq!(Selection::since("+1s").unwrap().to_string(), "since +1s");
    assert_eq!(Selection::until("+1s").unwrap().to_string(), "until +1s");
    for error in [
        Selection::seen_at("a/b or tcp"),
        Selection::protocol("tcp udp"),
        Selection::port(""),
        Selection::since("+1s)"),
    ] {
        assert!(error.is_err());
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}tcp{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Selection::parse(&nested(31)).is_ok());
    assert!(
        Selection::parse(&nested(32))
            .unwrap_err()
            .expected
            .contains("32")
    );
    assert!(Selection::parse(&"(".repeat(4_000)).is_err());
    assert!(Selection::parse(&"not ".repeat(1_000)).is_err());
    assert!(Selection::parse(&"!".repeat(4_096)).is_err());
    let long = vec!["tcp"; 500].join(" or ");
    assert!(Selection::parse(&long).is_ok());
    assert!(Selection::parse(&" ".repeat(5_000)).is_err());
}

fn terms() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("all".to_owned()),
        Just("lost".to_owned()),
        any::<u8>().prop_map(|n| format!("protocol {n}")),
        any::<std::net::IpAddr>().prop_map(|address| format!("host {address}")),
        (any::<[u8; 4]>(), 0..=32_u8)
            .prop_map(|([a, b, c, d], len)| format!("src {a}.{b}.{c}.{d}/{len}")),
        "[a-z][a-z*/.-]{0,8}".prop_map(|name| format!("responder x{name}")),
        (any::<u16>(), any::<u16>()).prop_map(|(a, b)| format!(
            "dst port {}-{}",
            a.min(b),
            a.max(b)
        )),
        "[a-z*]{1,4}/[a-z*.]{1,4}".prop_map(|place| format!("seen-at {place}")),
        any::<i64>().prop_map(|n| format!(
            "since {}",
            jiff::Timestamp::from_nanosecond(n.into()).unwrap()
        )),
        (0..86_400_u32, 0..1_000_000_000_u32).prop_map(|(s, n)| {
            format!(
                "until {:02}:{:02}:{:02}.{n:09}",
                s / 3_600,
                s / 60 % 60,
                s % 60
            )
        }),
        (0..i64::MAX).prop_map(|n| format!("since +{n}ns")),
    ]
}

fn expressions() -> impl Strategy<Value = String> {
    terms().prop_recursive(6, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| format!("not ({e})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" and ")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" or ")),
            inner.prop_map(|e| format!("( {e} )")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(text in expressions()) {
        let read = Selection::parse(&text).unwrap();
        prop_assert_eq!(Selection::parse(&read.to_string()).unwrap(), read);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        if let Ok(read) = Selection::parse(&text) {
            prop_assert_eq!(Selection::parse(&read.to_string()).unwrap(), read);
        }
    }

    #[test]
    fn no_words_panic(words in prop::collection::vec(prop_oneof![
        Just("and"), Just("or"), Just("not"), Just("("), Just(")"), Just("!"), Just("||"), Just("src"), Just("port"), Just("host"),
        Just("53"), Just("a/b"), Just("10.0.0.1"), Just("+5s"), Just("lost"), Just("tcp"), Just("seen-at"), Just("since"),
    ], 0..12)) {
        if let Ok(read) = Selection::parse(&words.join(" ")) {
            prop_assert_eq!(Selection::parse(&read.to_string()).unwrap(), read);
        }
    }
}

/// All sightings of a direction, counted anew, are what its hops say.
#[test]
fn counting_anew_gives_the_hops_their_packets() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/scenarios");
    for scenario in [
        "vxlan-8472-blocked",
        "services",
        "gso-loss",
        "outer-fragments",
        "routing-loop",
    ] {
        let request = crate::read::SetRequest::of_path(folder.join(scenario).join("failing"));
        let set = crate::timelines(&request, &crate::AnalysisOptions::default()).unwrap();
        let flows = set.timelines.flows.iter();
        for direction in flows.flat_map(|flow| [&flow.forward, &flow.reply]) {
            let mut anew = direction.clone();
            super::choice::recount(&mut anew);
            let counts = |direction: &crate::correlate::Direction| -> Vec<_> {
                let hops = direction.hops.iter();
                hops.map(|hop| (hop.point, hop.packets, hop.delay, hop.changes.len()))
                    .collect()
            };
            assert_eq!(counts(&anew), counts(direction), "{scenario}");
            assert_eq!(
                crate::correlate::Tally::of(&direction.journeys),
                direction.tally
            );
            for (journey, before) in anew.journeys.iter().zip(&direction.journeys) {
                assert_eq!(journey.hops, before.hops, "{scenario}");
            }
        }
    }
}

/// Found by the fuzz target: what displays may be longer than what is read.
#[test]
fn the_longest_selections_display_whole() {
    let longest = vec!["icmp"; 500].join(" &&");
    let selection: crate::select::Selection = longest.parse().unwrap();
    let shown = selection.to_string();
    assert_eq!(shown, vec!["icmp"; 500].join(" and "));
    assert!(shown.len() > 4_096);
    assert!(shown.parse::<crate::select::Selection>().is_err());
}
