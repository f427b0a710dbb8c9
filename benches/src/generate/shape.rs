//! How much traffic, and of what.

/// A kind of conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests with three packets of answer each.
    Tcp,
    /// Datagrams and their answers.
    Udp,
    /// Echo requests and replies.
    Ping,
}

/// The parameters of a generated set.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Packets that pods send; each is in eight files if nothing is lost.
    pub packets: u64,
    /// Conversations that take turns.
    pub flows: u32,
    /// Pods of each node, at most 31,750; each one of the first node talks to each of the other, if the conversations are enough.
    pub pods: u32,
    /// Kinds of conversations with their weights.
    pub mix: Vec<(Kind, u32)>,
    /// Bytes of payload with their weights.
    pub sizes: Vec<(u16, u32)>,
    /// Of a million datagrams and echo requests, how many are lost on the way.
    pub lost: u32,
    /// Packets a second.
    pub rate: u32,
    /// Another number, other traffic.
    pub seed: u64,
}

impl Shape {
    /// 1.6 million packets at eight points, 410 MB: what a busy minute of two nodes looks like.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            packets: 200_000,
            flows: 400,
            pods: 32,
            mix: vec![(Kind::Tcp, 80), (Kind::Udp, 15), (Kind::Ping, 5)],
            sizes: vec![(30, 40), (120, 25), (300, 20), (1380, 6)],
            lost: 100,
            rate: 4_000,
            seed: 1,
        }
    }

    /// The standard mix with another number of packets and conversations.
    #[must_use]
    pub fn of(packets: u64, flows: u32) -> Self {
        Self {
            packets,
            flows,
            ..Self::standard()
        }
    }
}
