//! What is left of a packet while it is decoded, and what a layer's decoder returns.

use nom::Parser;
use nom::error::ParseError;

use super::{Anomaly, LayerKind, Limit, Stop};

/// The bytes that no layer has taken yet.
///
/// Two lengths bound them: what was captured (`bytes`) and what was on the wire (`wire_len`, as the
/// enclosing headers state it). Every header that states a length narrows both through
/// [`limit`](Self::limit), so link-layer padding and trailers never become payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    bytes: &'a [u8],
    offset: u32,
    wire_len: u32,
    in_fragment: bool,
}

impl<'a> Rest<'a> {
    /// A whole packet. An `original_len` below the captured length is a lie and is not believed.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], original_len: u32) -> Self {
        Self {
            bytes,
            offset: 0,
            wire_len: original_len.max(saturate(bytes.len())),
            in_fragment: false,
        }
    }

    /// The captured bytes.
    #[inline]
    pub(super) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// How many bytes were captured.
    #[inline]
    pub(super) fn captured_len(self) -> u32 {
        saturate(self.bytes.len())
    }

    /// Where the bytes begin, counted from the start of the packet.
    #[inline]
    pub(super) const fn offset(self) -> u32 {
        self.offset
    }

    /// How many bytes there were on the wire.
    #[inline]
    pub(super) const fn wire_len(self) -> u32 {
        self.wire_len
    }

    /// Whether this is the beginning of a fragmented datagram, where inner lengths reach beyond the end.
    #[inline]
    pub(super) const fn in_fragment(self) -> bool {
        self.in_fragment
    }

    /// The same bytes, known to begin a fragmented datagram.
    #[inline]
    pub(super) const fn begins_fragment(mut self) -> Self {
        self.in_fragment = true;
        self
    }

    /// What follows after `len` bytes.
    #[inline]
    pub(super) fn skip(self, len: usize) -> Self {
        Self {
            bytes: self.bytes.get(len..).unwrap_or_default(),
            offset: self.offset.saturating_add(saturate(len)),
            wire_len: self.wire_len.saturating_sub(saturate(len)),
            ..self
        }
    }

    /// Not more than `wire_len` bytes, because a header says so.
    #[inline]
    pub(super) fn limit(self, wire_len: u32) -> Self {
        let wire_len = wire_len.min(self.wire_len);
        Self {
            bytes: self.bytes.get(..wire_len as usize).unwrap_or(self.bytes),
            wire_len,
            ..self
        }
    }

    /// The same captured bytes with a wire length that only the packet itself can tell.
    ///
    /// For the packet inside an ICMP error, which is cut on purpose.
    #[inline]
    pub(super) const fn of_unknown_wire_len(mut self) -> Self {
        self.wire_len = u32::MAX;
        self
    }

    /// The header's first `N` bytes and what follows them.
    #[inline]
    pub(super) fn split<const N: usize>(
        self,
        layer: LayerKind,
    ) -> Result<(&'a [u8; N], Self), Stop> {
        match self.bytes.first_chunk::<N>() {
            Some(header) => Ok((header, self.skip(N))),
            None => Err(self.truncated(layer, N)),
        }
    }

    /// Runs a nom parser over a header of `needed` bytes.
    #[inline]
    pub(super) fn parse<T>(
        self,
        layer: LayerKind,
        needed: usize,
        mut parser: impl Parser<&'a [u8], Output = T, Error = Short>,
    ) -> Result<(T, Self), Stop> {
        match parser.parse(self.bytes) {
            Ok((left, value)) => Ok((value, self.skip(self.bytes.len() - left.len()))),
            Err(_) => Err(self.truncated(layer, needed)),
        }
    }

    /// The stop of a header that needs more bytes than there are.
    #[inline]
    pub(super) fn truncated(self, layer: LayerKind, needed: usize) -> Stop {
        let needed = saturate(needed);
        Stop::Truncated {
            layer,
            offset: self.offset,
            needed,
            available: self.captured_len(),
            limit: if needed > self.wire_len {
                Limit::EnclosingHeader
            } else {
                Limit::Capture
            },
        }
    }

    /// The stop of a header that contradicts its specification.
    #[inline]
    pub(super) const fn malformed(self, layer: LayerKind, anomaly: &'static str) -> Stop {
        Stop::Malformed {
            layer,
            offset: self.offset,
            anomaly: Anomaly(anomaly),
        }
    }
}

/// A length as the wire counts it. No packet has 4 GiB; one that says so is treated as one that has.
fn saturate(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// The error of our nom parsers, which fail for one reason only: too few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Short;

impl<I> ParseError<I> for Short {
    fn from_error_kind(_: I, _: nom::error::ErrorKind) -> Self {
        Self
    }

    fn append(_: I, _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// What our nom parsers return.
pub(super) type Parsed<'a, T> = nom::IResult<&'a [u8], T, Short>;

/// What follows a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another layer.
    Layer(LayerKind),
    /// Payload: [`Stop::Payload`], apart because it is how most packets end.
    Payload,
    /// Nothing that is decoded, for another reason.
    Stop(Stop),
}

/// A decoded header, what is left behind it and what that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a, L> {
    /// The header.
    pub(super) layer: L,
    /// The bytes behind it.
    pub(super) rest: Rest<'a>,
    /// How these begin.
    pub(super) next: Next,
    /// The first thing that was odd about the header.
    pub(super) anomaly: Option<Anomaly>,
}

impl<'a, L> Step<'a, L> {
    /// A header without oddities.
    #[inline]
    pub(super) const fn new(layer: L, rest: Rest<'a>, next: Next) -> Self {
        Self {
            layer,
            rest,
            next,
            anomaly: None,
        }
    }

    /// A header after which nothing is decoded.
    #[inline]
    pub(super) const fn last(layer: L, rest: Rest<'a>, stop: Stop) -> Self {
        let next = match stop {
            Stop::Payload => Next::Payload,
            stop => Next::Stop(stop),
        };
        Self::new(layer, rest, next)
    }

    /// Names an oddity, unless there is none or one was named before.
    #[inline]
    pub(super) fn noting(mut self, anomaly: Option<&'static str>) -> Self {
        self.anomaly = self.anomaly.or(anomaly.map(Anomaly));
        self
    }
}

/// What a layer's decoder returns: the header, or why there is none.
pub(super) type Decoded<'a, L> = Result<Step<'a, L>, Stop>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_narrows_both_lengths_and_never_widens() {
        let rest = Rest::new(&[0; 10], 100).limit(8);
        assert_eq!((rest.captured_len(), rest.wire_len()), (8, 8));
        let rest = rest.limit(50);
        assert_eq!((rest.captured_len(), rest.wire_len()), (8, 8));
    }

    #[test]
    fn a_cut_is_blamed_on_the_capture_or_on_a_header() {
        let blame = |rest: Rest<'_>| match rest.truncated(LayerKind::Udp, 8) {
            Stop::Truncated { limit, .. } => limit,
            _ => unreachable!(),
        };
        assert_eq!(blame(Rest::new(&[0; 4], 60)), Limit::Capture);
        assert_eq!(blame(Rest::new(&[0; 4], 4)), Limit::EnclosingHeader);
    }

    #[test]
    fn skipping_beyond_the_end_leaves_nothing() {
        let rest = Rest::new(&[0; 4], 4).skip(9);
        assert_eq!((rest.captured_len(), rest.wire_len()), (0, 0));
    }
}
