//! Selections as data, and how they are written.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;

use super::error::SelectionError;
use super::grammar;
use super::moment::Moment;
use super::pattern::Pattern;
use crate::types::Protocol;

/// Which packets are selected: an expression in the language of [`SELECTION_MANUAL`](super::SELECTION_MANUAL).
///
/// Displays as text that reads back to the same selection, unless it is longer than what is read: `&&` displays as `and`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(pub(super) Expression);

/// What a selection consists of. `And` and `Or` have at least two members, none of their own kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Term(Term),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// What can be asked of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// Every packet.
    All,
    Protocol(Protocol),
    Host(End, Who),
    /// Either port, the source or the destination port; of these, the first to the last one.
    Port(End, u16, u16),
    SeenAt(Place),
    End(Fate),
    Since(Moment),
    Until(Moment),
}

/// An end of a packet or of its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Either,
    Source,
    Destination,
    Initiator,
    Responder,
}

impl End {
    /// The word that stands before an address; the empty one if none does.
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("host", Self::Either),
        ("src", Self::Source),
        ("dst", Self::Destination),
        ("initiator", Self::Initiator),
        ("responder", Self::Responder),
    ];

    fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, end)| *end == self);
        named.map_or("host", |(name, _)| name)
    }
}

/// Whose address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Network(IpNet),
    Named(Pattern),
}

/// Capture points by node and interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) node: Pattern,
    pub(super) interface: Pattern,
}

/// What became of a packet, in the words of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    Lost,
    AssumedLost,
    Rejected,
    Looped,
    NotCovered,
    Unknown,
}

impl Fate {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("delivered", Self::Delivered),
        ("lost", Self::Lost),
        ("assumed-lost", Self::AssumedLost),
        ("rejected", Self::Rejected),
        ("looped", Self::Looped),
        ("not-covered", Self::NotCovered),
        ("unknown", Self::Unknown),
    ];
}

impl Selection {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where it is none: the column, what could have stood there and what does.
    pub fn parse(text: &str) -> Result<Self, SelectionError> {
        grammar::parse_expression(text).map(Self)
    }

    /// Packets seen at a point, `NODE/INTERFACE`, both with `*` for any characters.
    ///
    /// # Errors
    /// Where the text is no such place.
    pub fn seen_at(place: &str) -> Result<Self, SelectionError> {
        grammar::parse_place(place).map(Self::of)
    }

    /// Packets of a protocol, by name or number.
    ///
    /// # Errors
    /// Where there is no such protocol.
    pub fn protocol(name: &str) -> Result<Self, SelectionError> {
        grammar::parse_protocol(name).map(Self::of)
    }

    /// Packets from or to a port, or to a range of them (`30000-32767`).
    ///
    /// # Errors
    /// Where the text is no port.
    pub fn port(port: &str) -> Result<Self, SelectionError> {
        grammar::parse_port(port).map(Self::of)
    }

    /// Packets first seen at this time or later.
    ///
    /// # Errors
    /// Where the text is no time.
    pub fn since(time: &str) -> Result<Self, SelectionError> {
        grammar::parse_moment(time).map(|time| Self::of(Term::Since(time)))
    }

    /// Packets first seen before this time.
    ///
    /// # Errors
    /// Where the text is no time.
    pub fn until(time: &str) -> Result<Self, SelectionError> {
        grammar::parse_moment(time).map(|time| Self::of(Term::Until(time)))
    }

    /// What all of these select; `None` of none.
    #[must_use]
    pub fn all_of(selections: impl IntoIterator<Item = Self>) -> Option<Self> {
        let members = selections.into_iter().map(|selection| selection.0);
        Expression::and(members).map(Self)
    }

    /// What any of these selects; `None` of none.
    #[must_use]
    pub fn any_of(selections: impl IntoIterator<Item = Self>) -> Option<Self> {
        let members = selections.into_iter().map(|selection| selection.0);
        Expression::or(members).map(Self)
    }

    /// What this does not select.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(Expression::Not(Box::new(self.0)))
    }

    /// The first part of it that only packets can tell, which a baseline does not hold: where and when they were seen, what became of
    /// them.
    #[must_use]
    pub fn needs_packets(&self) -> Option<String> {
        let mut terms = self.0.terms().into_iter();
        terms
            .find(|term| {
                matches!(
                    term,
                    Term::SeenAt(_) | Term::End(_) | Term::Since(_) | Term::Until(_)
                )
            })
            .map(ToString::to_string)
    }

    /// Whether it asks when packets were seen.
    #[must_use]
    pub fn asks_time(&self) -> bool {
        let mut terms = self.0.terms().into_iter();
        terms.any(|term| matches!(term, Term::Since(_) | Term::Until(_)))
    }

    const fn of(term: Term) -> Self {
        Self(Expression::Term(term))
    }
}

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        Self::parse(text)
    }
}

impl Expression {
    /// All of these; members that are `And` themselves are taken apart.
    pub(super) fn and(members: impl IntoIterator<Item = Self>) -> Option<Self> {
        let flat = members.into_iter().flat_map(|member| match member {
            Self::And(inner) => inner,
            other => vec![other],
        });
        Self::joined(flat.collect(), Self::And)
    }

    /// Any of these; members that are `Or` themselves are taken apart.
    pub(super) fn or(members: impl IntoIterator<Item = Self>) -> Option<Self> {
        let flat = members.into_iter().flat_map(|member| match member {
            Self::Or(inner) => inner,
            other => vec![other],
        });
        Self::joined(flat.collect(), Self::Or)
    }

    fn joined(mut members: Vec<Self>, join: fn(Vec<Self>) -> Self) -> Option<Self> {
        let last = members.pop()?;
        if members.is_empty() {
            return Some(last);
        }
        members.push(last);
        Some(join(members))
    }

    /// Its terms from left to right.
    pub(super) fn terms(&self) -> Vec<&Term> {
        match self {
            Self::Term(term) => vec![term],
            Self::Not(inner) => inner.terms(),
            Self::And(members) | Self::Or(members) => {
                members.iter().flat_map(Self::terms).collect()
            }
        }
    }

    /// How tightly it binds: what binds less than its surroundings stands in parentheses.
    const fn binds(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Not(_) | Self::Term(_) => 2,
        }
    }

    fn write(&self, least: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.binds() < least {
            f.write_str("(")?;
            self.write(0, f)?;
            return f.write_str(")");
        }
        let (members, word) = match self {
            Self::Term(term) => return write!(f, "{term}"),
            Self::Not(inner) => {
                f.write_str("not ")?;
                return inner.write(2, f);
            }
            Self::And(members) => (members, " and "),
            Self::Or(members) => (members, " or "),
        };
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            member.write(self.binds() + 1, f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(0, f)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Protocol(protocol) => protocol.fmt(f),
            Self::Host(End::Either, who @ Who::Network(_)) => who.fmt(f),
            Self::Host(end, who) => write!(f, "{} {who}", end.name()),
            Self::Port(end, first, last) => {
                if *end != End::Either {
                    write!(f, "{} ", end.name())?;
                }
                write!(f, "port {first}")?;
                if first == last {
                    return Ok(());
                }
                write!(f, "-{last}")
            }
            Self::SeenAt(place) => write!(f, "seen-at {}/{}", place.node, place.interface),
            Self::End(fate) => {
                let named = Fate::ALL.iter().find(|(_, other)| other == fate);
                f.write_str(named.map_or("unknown", |(name, _)| name))
            }
            Self::Since(time) => write!(f, "since {time}"),
            Self::Until(time) => write!(f, "until {time}"),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A network of one address is that address.
            Self::Network(net) if net.prefix_len() == net.max_prefix_len() => net.addr().fmt(f),
            Self::Network(net) => net.fmt(f),
            Self::Named(name) => name.fmt(f),
        }
    }
}
