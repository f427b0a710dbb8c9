//! Families of cases: each turns on one thing that happens to packets, the last one all of them.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::{array, bool, collection, option};

use super::spec::{
    Container, ConversationSpec, CopySpec, EndSpec, FileSpec, LossSpec, Merge, NodeSpec,
    OffloadSpec, Only, Overlay, TcpEnd, Traffic, Translation, Trouble, WorldSpec,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Plain,
    Loss,
    Offload,
    Fragments,
    Translation,
    Clocks,
    Windows,
    SnapLengths,
    Copies,
    Trouble,
    Containers,
    Everything,
}

impl Family {
    pub const ALL: [Self; 12] = [
        Self::Plain,
        Self::Loss,
        Self::Offload,
        Self::Fragments,
        Self::Translation,
        Self::Clocks,
        Self::Windows,
        Self::SnapLengths,
        Self::Copies,
        Self::Trouble,
        Self::Containers,
        Self::Everything,
    ];

    /// For the table of figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Loss => "loss, blocks, retransmission",
            Self::Offload => "segmentation and receive offload, some loss",
            Self::Fragments => "inner and outer fragments, some loss",
            Self::Translation => "ClusterIP, masquerade, NodePort, hairpin, some loss",
            Self::Clocks => "clocks hours apart that drift or are set, some loss",
            Self::Windows => "missing points, late and early files, some loss",
            Self::SnapLengths => "snap lengths from 64 on, some loss",
            Self::Copies => "copies and reordering",
            Self::Trouble => "rejections and routing loops",
            Self::Containers => "all interfaces in one file, rotated files, some loss",
            Self::Everything => "everything at once",
        }
    }

    fn has(self, other: Self) -> bool {
        self == other || self == Self::Everything
    }
}

pub fn worlds(family: Family) -> BoxedStrategy<WorldSpec> {
    let most_nodes = if family == Family::Everything { 5 } else { 3 };
    let overlay = prop_oneof![
        4 => Just(Overlay::Vxlan),
        2 => Just(Overlay::HostGateway),
        1 => Just(Overlay::Geneve),
        1 => Just(Overlay::IpInIp),
    ];
    let oversize = if family.has(Family::Fragments) {
        bool::ANY.boxed()
    } else {
        Just(false).boxed()
    };
    let reordered = if family.has(Family::Copies) {
        prop_oneof![Just(0u8), 0u8..30].boxed()
    } else {
        Just(0).boxed()
    };
    (
        overlay,
        collection::vec(node(family), 2..=most_nodes),
        collection::vec(conversation(family), 1..=5),
        offload(family),
        (oversize.clone(), oversize),
        losses(family),
        copies(family),
        reordered,
    )
        .prop_map(
            |(overlay, nodes, conversations, offload, cuts, losses, copies, reordered)| WorldSpec {
                overlay,
                nodes,
                conversations,
                offload,
                oversize: cuts.0,
                defragment: cuts.1,
                losses,
                copies,
                reordered,
            },
        )
        .boxed()
}

fn node(family: Family) -> BoxedStrategy<NodeSpec> {
    let clock = if family.has(Family::Clocks) {
        (-21_600_000i32..=21_600_000, -100i8..=100).boxed()
    } else {
        Just((0, 0)).boxed()
    };
    let step = if family.has(Family::Clocks) {
        option::weighted(0.15, (0u16..4000, -5000i32..5000)).boxed()
    } else {
        Just(None).boxed()
    };
    let container = match family {
        Family::Containers => prop_oneof![
            Just(Container::Files),
            Just(Container::Any),
            Just(Container::Merged)
        ]
        .boxed(),
        Family::Everything => prop_oneof![
            8 => Just(Container::Files),
            1 => Just(Container::Any),
            1 => Just(Container::Merged)
        ]
        .boxed(),
        _ => Just(Container::Files).boxed(),
    };
    (array::uniform5(file(family)), clock, step, container)
        .prop_map(
            |(files, (clock_ms, drift_ppm), step_ms, container)| NodeSpec {
                files,
                clock_ms,
                drift_ppm,
                step_ms,
                container,
            },
        )
        .boxed()
}

fn file(family: Family) -> BoxedStrategy<FileSpec> {
    let captured = if family.has(Family::Windows) {
        bool::weighted(0.7).boxed()
    } else {
        Just(true).boxed()
    };
    let cut = if family.has(Family::Windows) {
        prop_oneof![2 => Just(0u16), 1 => 0u16..4000].boxed()
    } else {
        Just(0).boxed()
    };
    let snap_length = if family.has(Family::SnapLengths) {
        prop_oneof![3 => Just(262_144u32), 1 => 64u32..300, 1 => Just(96u32), 1 => Just(128u32)]
            .boxed()
    } else {
        Just(262_144).boxed()
    };
    let parts = if family.has(Family::Containers) {
        prop_oneof![2 => Just(1u8), 1 => 2u8..4].boxed()
    } else {
        Just(1).boxed()
    };
    (
        captured,
        snap_length,
        cut.clone(),
        cut,
        any::<bool>(),
        parts,
    )
        .prop_map(
            |(captured, snap_length, late_ms, early_ms, nanoseconds, parts)| FileSpec {
                captured,
                snap_length,
                late_ms,
                early_ms,
                nanoseconds,
                parts,
            },
        )
        .boxed()
}

fn end() -> impl Strategy<Value = EndSpec> {
    prop_oneof![
        5 => (0u8..5, 0u8..2).prop_map(|(node, pod)| EndSpec::Pod(node, pod)),
        1 => (0u8..5).prop_map(EndSpec::Node),
    ]
}

fn conversation(family: Family) -> BoxedStrategy<ConversationSpec> {
    let translation = if family.has(Family::Translation) {
        prop_oneof![
            Just(Translation::None),
            Just(Translation::ClusterIp),
            Just(Translation::Masquerade),
            Just(Translation::NodePort),
            Just(Translation::Hairpin),
        ]
        .boxed()
    } else {
        Just(Translation::None).boxed()
    };
    let trouble = if family.has(Family::Trouble) {
        prop_oneof![
            2 => Just(Trouble::None),
            2 => (0u8..8, any::<bool>()).prop_map(|(at, reset)| Trouble::Reject { at, reset }),
            1 => Just(Trouble::Loop),
        ]
        .boxed()
    } else {
        Just(Trouble::None).boxed()
    };
    let ends = (end(), end());
    let rest = (
        0u16..3000,
        traffic(family),
        bool::weighted(0.15),
        any::<u16>(),
    );
    (ends, rest, translation, trouble)
        .prop_map(
            |((from, to), (start_ms, traffic, ipv6, seed), translation, trouble)| {
                ConversationSpec {
                    from,
                    to,
                    start_ms,
                    traffic,
                    ipv6,
                    translation,
                    trouble,
                    seed,
                }
            },
        )
        .boxed()
}

fn traffic(family: Family) -> BoxedStrategy<Traffic> {
    let long = if family.has(Family::Fragments) {
        4000u16
    } else {
        1200
    };
    let ping = (1u8..6, prop_oneof![Just(56u16), 0..long], 10u16..900).prop_map(
        |(count, size, interval_ms)| Traffic::Ping {
            count,
            size,
            interval_ms,
        },
    );
    let udp = (
        (1u8..6, prop_oneof![20u16..200, 0..long], 0u16..900),
        bool::weighted(0.4),
        bool::weighted(0.3),
    )
        .prop_map(
            |((count, size, interval_ms), unnumbered, equal)| Traffic::Udp {
                count,
                size,
                interval_ms,
                unnumbered,
                equal,
            },
        );
    let response = if family.has(Family::Offload) {
        60_000u16
    } else {
        9000
    };
    let flags = (
        bool::weighted(0.75),
        bool::weighted(0.2),
        bool::weighted(0.2),
        bool::weighted(0.6),
    );
    let keep_alives = prop_oneof![4 => Just(0u8), 1 => 1u8..4];
    let last = prop_oneof![Just(TcpEnd::Fin), Just(TcpEnd::Reset), Just(TcpEnd::Open)];
    let sizes = (1u8..4, 1u16..2000, 0..response, 0u16..900);
    let tcp = (sizes, flags, keep_alives, last).prop_map(|(sizes, flags, keep_alives, end)| {
        let (exchanges, request, response, pause_ms) = sizes;
        let (timestamps, wraps, zeros, sack) = flags;
        Traffic::Tcp {
            exchanges,
            request,
            response,
            pause_ms,
            timestamps,
            wraps,
            zeros,
            sack,
            keep_alives,
            end,
        }
    });
    prop_oneof![2 => ping, 2 => udp, 3 => tcp].boxed()
}

fn offload(family: Family) -> BoxedStrategy<OffloadSpec> {
    if !family.has(Family::Offload) {
        return Just(OffloadSpec::default()).boxed();
    }
    let merge = prop_oneof![Just(Merge::Never), Just(Merge::Uplink), Just(Merge::Vtep)];
    (1u8..16, any::<bool>(), merge)
        .prop_map(|(segments, by_card, merge)| OffloadSpec {
            segments,
            by_card,
            merge,
        })
        .boxed()
}

fn losses(family: Family) -> BoxedStrategy<Vec<LossSpec>> {
    let percent = match family {
        Family::Plain | Family::Copies | Family::Trouble => return Just(Vec::new()).boxed(),
        Family::Loss | Family::Everything => prop_oneof![2 => 1u8..60, 1 => Just(100)].boxed(),
        _ => (1u8..30).boxed(),
    };
    let most = if family.has(Family::Loss) { 2 } else { 1 };
    let only = prop_oneof![3 => Just(Only::All), 1 => Just(Only::Tcp), 1 => Just(Only::Large)];
    let loss =
        (0u8..8, any::<bool>(), percent, only).prop_map(|(at, back, percent, only)| LossSpec {
            at,
            back,
            percent,
            only,
        });
    collection::vec(loss, 0..=most).boxed()
}

fn copies(family: Family) -> BoxedStrategy<Vec<CopySpec>> {
    if !family.has(Family::Copies) {
        return Just(Vec::new()).boxed();
    }
    let copies = (0u8..8, prop_oneof![1u8..100, Just(100)], any::<bool>()).prop_map(
        |(at, percent, onward)| CopySpec {
            at,
            percent,
            onward,
        },
    );
    option::of(copies)
        .prop_map(|copies| copies.into_iter().collect())
        .boxed()
}
