//! Reads selections.
//!
//! ```text
//! expression = all { "or" all }
//! all        = single { "and" single }
//! single     = "not" single | "(" expression ")" | term
//! ```
//!
//! Words end at white space and parentheses. `&&`, `||` and `!` stand for `and`, `or` and `not`. Nothing panics, and how deep parentheses and
//! `not` may go, and how long a text may be, is bounded.

use ipnet::IpNet;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::multispace0;
use nom::combinator::{cut, verify};
use nom::error::{ErrorKind, ParseError};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, terminated};
use nom::{Err, IResult, Parser};

use super::error::SelectionError;
use super::expression::{End, Expression, Fate, Place, Term, Who};
use super::moment::Moment;
use super::pattern::Pattern;
use crate::types::Protocol;

/// The longest text, in bytes.
const MAX_LEN: usize = 4_096;

/// Parentheses and `not` inside each other.
const MAX_DEPTH: usize = 32;

const TERM: &str = "an address or network, a protocol (icmp, tcp, udp …), or one of all, host, src, dst, initiator, responder, port, \
                    seen-at, not-seen-at, since, until, delivered, lost, assumed-lost, rejected, looped, not-covered, unknown, `not` and `(`";
const JOINT: &str = "`and`, `or` or the end";
const CLOSING: &str = "`and`, `or` or `)`";
const WHO: &str = "an address, a network (10.244.0.0/16) or a name";
const PLACE: &str = "a capture point, NODE/INTERFACE, in which * stands for any characters";
const PORT: &str = "a port from 0 to 65535, or a range (30000-32767)";
const PROTOCOL: &str = "a protocol by name (icmp, icmpv6, tcp, udp, sctp …) or number";
const MOMENT: &str =
    "a time: 2026-11-22T10:33:12Z, 10:33:12 (UTC) or +5s (ms, s, m, h) after the set begins";

/// Why a text does not go on as it should.
#[derive(Debug)]
struct Trouble<'a> {
    at: &'a str,
    expected: &'static str,
}

impl<'a> ParseError<&'a str> for Trouble<'a> {
    fn from_error_kind(at: &'a str, _: ErrorKind) -> Self {
        Self { at, expected: TERM }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Trouble<'a>>;

/// Reads an expression that is the whole text.
pub(super) fn parse_expression(text: &str) -> Result<Expression, SelectionError> {
    whole(text, JOINT, |input| either(input, 0))
}

pub(super) fn parse_place(text: &str) -> Result<Term, SelectionError> {
    whole(text, "the end", |input| argument(input, PLACE, place))
}

pub(super) fn parse_protocol(text: &str) -> Result<Term, SelectionError> {
    whole(text, "the end", |input| argument(input, PROTOCOL, protocol))
}

pub(super) fn parse_port(text: &str) -> Result<Term, SelectionError> {
    let port = |word: &str| port(word).map(|(first, last)| Term::Port(End::Either, first, last));
    whole(text, "the end", |input| argument(input, PORT, port))
}

pub(super) fn parse_moment(text: &str) -> Result<Moment, SelectionError> {
    whole(text, "the end", |input| {
        argument(input, MOMENT, Moment::parse)
    })
}

/// Runs a parser over all of a text.
fn whole<'a, T>(
    text: &'a str,
    behind: &'static str,
    parse: impl FnOnce(&'a str) -> Parsed<'a, T>,
) -> Result<T, SelectionError> {
    if text.len() > MAX_LEN {
        let most = "at most 4096 bytes";
        return Err(SelectionError::at(text, "", most));
    }
    match parse(text) {
        Ok((rest, value)) => match rest.trim_start() {
            "" => Ok(value),
            rest => Err(SelectionError::at(text, rest, behind)),
        },
        Err(Err::Error(trouble) | Err::Failure(trouble)) => Err(SelectionError::at(
            text,
            trouble.at.trim_start(),
            trouble.expected,
        )),
        // The parsers are complete ones: the text is all there is.
        Err(Err::Incomplete(_)) => Err(SelectionError::at(text, "", TERM)),
    }
}

fn either(input: &str, depth: usize) -> Parsed<'_, Expression> {
    let members = separated_list1(operator("or", "||"), cut(|input| both(input, depth)));
    joined(members, Expression::or).parse(input)
}

fn both(input: &str, depth: usize) -> Parsed<'_, Expression> {
    let members = separated_list1(operator("and", "&&"), cut(|input| single(input, depth)));
    joined(members, Expression::and).parse(input)
}

fn joined<'a>(
    mut members: impl Parser<&'a str, Output = Vec<Expression>, Error = Trouble<'a>>,
    join: fn(Vec<Expression>) -> Option<Expression>,
) -> impl FnMut(&'a str) -> Parsed<'a, Expression> {
    move |input| {
        let (rest, members) = members.parse(input)?;
        let joined = join(members).ok_or_else(|| failure(input, TERM))?;
        Ok((rest, joined))
    }
}

fn single(input: &str, depth: usize) -> Parsed<'_, Expression> {
    if depth >= MAX_DEPTH {
        return Err(failure(
            input,
            "at most 32 parentheses and `not` inside each other",
        ));
    }
    if let Ok((rest, _)) = operator("not", "!").parse(input) {
        let (rest, inner) = single(rest, depth + 1)?;
        return Ok((rest, Expression::Not(Box::new(inner))));
    }
    let open: Parsed<'_, &str> = symbol("(").parse(input);
    if let Ok((rest, _)) = open {
        let (rest, inner) = either(rest, depth + 1)?;
        let closed: Parsed<'_, &str> = symbol(")").parse(rest);
        let (rest, _) = closed.map_err(|_| failure(rest, CLOSING))?;
        return Ok((rest, inner));
    }
    term(input)
}

fn term(input: &str) -> Parsed<'_, Expression> {
    let (rest, first) = word(input).map_err(|_| failure(input, TERM))?;
    let (rest, term) = match first {
        "all" => (rest, Term::All),
        "net" => host(rest, End::Either)?,
        "port" => ports(rest, End::Either)?,
        "protocol" | "proto" => argument(rest, PROTOCOL, protocol)?,
        "seen-at" => argument(rest, PLACE, place)?,
        "not-seen-at" => {
            let (rest, place) = argument(rest, PLACE, place)?;
            let seen = Expression::Term(place);
            return Ok((rest, Expression::Not(Box::new(seen))));
        }
        "since" => {
            let (rest, time) = argument(rest, MOMENT, Moment::parse)?;
            (rest, Term::Since(time))
        }
        "until" => {
            let (rest, time) = argument(rest, MOMENT, Moment::parse)?;
            (rest, Term::Until(time))
        }
        _ => match named(&End::ALL, first) {
            Some(end) => host_or_ports(rest, end)?,
            None => {
                let fate = named(&Fate::ALL, first).map(Term::End);
                let known = fate.or_else(|| protocol_named(first)).or_else(|| {
                    let net = network(first)?;
                    Some(Term::Host(End::Either, Who::Network(net)))
                });
                (rest, known.ok_or_else(|| failure(input, TERM))?)
            }
        },
    };
    Ok((rest, Expression::Term(term)))
}

/// `src 10.0.0.1`, `src host 10.0.0.1`, `src port 53`.
fn host_or_ports(input: &str, end: End) -> Parsed<'_, Term> {
    let kind: Parsed<'_, &str> = word(input);
    match kind {
        Ok((rest, "port")) if matches!(end, End::Source | End::Destination) => ports(rest, end),
        Ok((rest, "host" | "net")) if end != End::Either => host(rest, end),
        _ => host(input, end),
    }
}

fn host(input: &str, end: End) -> Parsed<'_, Term> {
    let (rest, who) = argument(input, WHO, |word| match network(word) {
        Some(net) => Some(Who::Network(net)),
        None => is_name(word).then(|| Who::Named(Pattern(word.to_owned()))),
    })?;
    Ok((rest, Term::Host(end, who)))
}

fn ports(input: &str, end: End) -> Parsed<'_, Term> {
    let (rest, (first, last)) = argument(input, PORT, port)?;
    Ok((rest, Term::Port(end, first, last)))
}

/// The next word, if `read` makes something of it.
fn argument<'a, T>(
    input: &'a str,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Parsed<'a, T> {
    let wrong = || failure(input, expected);
    let (rest, word) = word(input).map_err(|_| wrong())?;
    Ok((rest, read(word).ok_or_else(wrong)?))
}

fn protocol(word: &str) -> Option<Term> {
    let number = || word.parse().ok().map(|n| Term::Protocol(Protocol(n)));
    protocol_named(word).or_else(number)
}

fn protocol_named(word: &str) -> Option<Term> {
    let mut all = (0..=u8::MAX).map(Protocol);
    all.find(|protocol| protocol.name() == Some(word))
        .map(Term::Protocol)
}

fn port(word: &str) -> Option<(u16, u16)> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

fn place(word: &str) -> Option<Term> {
    let (node, interface) = word.split_once('/')?;
    let whole = !node.is_empty() && !interface.is_empty() && !interface.contains('/');
    whole.then(|| {
        Term::SeenAt(Place {
            node: Pattern(node.to_owned()),
            interface: Pattern(interface.to_owned()),
        })
    })
}

/// An address, or a network without the bits behind its length.
fn network(word: &str) -> Option<IpNet> {
    let address = || word.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    word.parse::<IpNet>()
        .ok()
        .map(|net| net.trunc())
        .or_else(address)
}

/// Words that cannot be names, since they go on with something else.
const RESERVED: [&str; 6] = ["and", "or", "not", "host", "net", "port"];

/// Whether a word can be a name: it begins with a letter, a digit or a star, has no meaning of its own here, and is not meant as an address.
fn is_name(word: &str) -> bool {
    let begins = word.starts_with(|c: char| c.is_alphanumeric() || c == '*');
    let number = word
        .chars()
        .all(|c| c.is_ascii_digit() || ".:/".contains(c));
    begins && !number && !RESERVED.contains(&word)
}

/// The value with that name.
fn named<T: Copy>(all: &[(&str, T)], word: &str) -> Option<T> {
    let found = all.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value)
}

/// A word that may begin after white space.
fn word(input: &str) -> Parsed<'_, &str> {
    let in_word = |c: char| !c.is_whitespace() && !"()".contains(c);
    preceded(multispace0, take_while1(in_word)).parse(input)
}

fn symbol<'a>(symbol: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = Trouble<'a>> {
    delimited(multispace0, tag(symbol), multispace0)
}

/// A joining word, or the symbol that stands for it.
fn operator<'a>(
    name: &'static str,
    sign: &'static str,
) -> impl Parser<&'a str, Output = &'a str, Error = Trouble<'a>> {
    let named = verify(word, move |found: &str| found == name);
    alt((named, terminated(symbol(sign), multispace0)))
}

const fn failure<'a>(at: &'a str, expected: &'static str) -> Err<Trouble<'a>> {
    Err::Failure(Trouble { at, expected })
}
