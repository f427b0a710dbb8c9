//! Cuts the time of two clocks into stretches without a step.
//!
//! # The rule
//! From the left, each stretch goes on as long as a line keeps all limits; from the right likewise. Both need the same number of
//! stretches, the least possible. If the clocks stepped no more often than that, then each step lies where the two ways
//! of cutting part: not after the end of the left one's stretch, not before the begin of the right one's. What both put into a
//! stretch is *settled*: it surely belongs there. Between settled stretches lies a gap, in which either side may hold.
//!
//! # Wrong limits
//! The least differences decide, so one wrongly matched packet could bend everything. A stretch that both directions do not
//! confirm twice each is *weak*. Limits of a weak stretch that contradict the settled stretches on either side of it would
//! need a step there and another one back: they are set aside and counted, and the time is cut again. A step that only weak stretches show
//! is not reported; the spread of the gap covers it.

use std::ops::Range;

use super::course::{Course, Limit, fits};

/// How many packets of each direction a stretch needs to be believed when others contradict it.
const CONFIRMED: usize = 2;

/// How often the time is cut again without limits that were set aside.
const ROUNDS: usize = 16;

/// A stretch of time, both ends included, and the offsets in it.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) course: Course,
    /// Whether each direction confirms it: then what parts it from the next is a step.
    pub(super) confirmed: bool,
}

/// What the weak stretches of a gap say.
#[derive(Clone, Debug, Default)]
pub(super) struct Loose {
    /// Of those with packets both ways.
    pub(super) courses: Vec<Course>,
    /// Whether there are some with packets in one direction alone, which leave an offset open to one side.
    pub(super) open: bool,
}

/// The time of two clocks, cut.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    /// The settled ones, in order, at least one.
    pub(super) stretches: Vec<Stretch>,
    /// Before each settled stretch, and after the last.
    pub(super) loose: Vec<Loose>,
    /// Into how many stretches the time was cut, weak ones included, before limits were set aside.
    pub(super) pieces: usize,
    /// Nanoseconds from the first limit to the last.
    pub(super) length: u64,
    /// Limits that contradict the rest: those set aside and those of weak stretches.
    pub(super) contradicting: u64,
}

/// One piece of the time before it is known to be settled or weak.
struct Piece<'a> {
    limits: &'a [Limit],
    course: Option<Course>,
    span: Option<(i64, i64)>,
}

impl Piece<'_> {
    fn is_confirmed(&self, times: usize) -> bool {
        let above = self.limits.iter().filter(|limit| limit.above).count();
        let least = above.min(self.limits.len() - above);
        self.span.is_some() && least >= times
    }
}

impl Cut {
    /// `None` where no stretch has packets in both directions. `limits` come in any order.
    pub(super) fn new(mut limits: Vec<Limit>) -> Option<Self> {
        limits.sort_unstable();
        let mut aside = 0;
        let mut count = None;
        for _ in 0..ROUNDS {
            let pieces = pieces(&limits);
            count.get_or_insert(pieces.len());
            let wrong = wrong_limits(&pieces);
            if wrong.is_empty() {
                break;
            }
            aside += wrong.len();
            limits.retain(|limit| wrong.binary_search(limit).is_err());
        }
        let pieces = pieces(&limits);
        let mut cut =
            Self::of_pieces(&pieces, CONFIRMED).or_else(|| Self::of_pieces(&pieces, 1))?;
        cut.pieces = count.unwrap_or(pieces.len());
        cut.contradicting += aside as u64;
        let ends = limits.first().zip(limits.last());
        cut.length = ends.map_or(0, |(first, last)| last.time.abs_diff(first.time));
        Some(cut)
    }

    fn of_pieces(pieces: &[Piece<'_>], times: usize) -> Option<Self> {
        let mut cut = Self {
            stretches: Vec::new(),
            loose: vec![Loose::default()],
            pieces: pieces.len(),
            length: 0,
            contradicting: 0,
        };
        for piece in pieces {
            match (&piece.course, piece.span) {
                (Some(course), Some((start, end))) if piece.is_confirmed(times) => {
                    cut.stretches.push(Stretch {
                        start,
                        end,
                        course: course.clone(),
                        confirmed: piece.is_confirmed(CONFIRMED),
                    });
                    cut.loose.push(Loose::default());
                }
                _ => {
                    cut.contradicting += piece.limits.len() as u64;
                    if let Some(loose) = cut.loose.last_mut() {
                        loose.courses.extend(piece.course.clone());
                        loose.open |= piece.course.is_none();
                    }
                }
            }
        }
        (!cut.stretches.is_empty()).then_some(cut)
    }
}

/// Limits of weak pieces that contradict the nearest confirmed pieces on both sides, sorted.
fn wrong_limits(pieces: &[Piece<'_>]) -> Vec<Limit> {
    let strong = |piece: &&Piece<'_>| piece.is_confirmed(CONFIRMED);
    let mut wrong = Vec::new();
    for (nth, piece) in pieces.iter().enumerate() {
        let before = pieces.iter().take(nth).rev().find(strong);
        let after = pieces.iter().skip(nth + 1).find(strong);
        let sides = before
            .and_then(|p| p.course.as_ref())
            .zip(after.and_then(|p| p.course.as_ref()));
        let Some((before, after)) = sides.filter(|_| !strong(&piece)) else {
            continue;
        };
        let is_wrong = |limit: &&Limit| {
            [before, after]
                .iter()
                .all(|side| limit.contradicts(side.spread(limit.time)))
        };
        wrong.extend(piece.limits.iter().filter(is_wrong).copied());
    }
    wrong
}

/// The least number of pieces, each with what surely belongs to it.
fn pieces(limits: &[Limit]) -> Vec<Piece<'_>> {
    let (left, right) = (from_left(limits), from_right(limits));
    let count = left.len();
    let mut pieces = Vec::with_capacity(count);
    for (nth, (left, right)) in left.into_iter().zip(right).enumerate() {
        let sure = limits
            .get(left.start..right.end)
            .filter(|sure| !sure.is_empty());
        let limits = sure.or_else(|| limits.get(left)).unwrap_or_default();
        let course = Course::new(limits);
        let span = course
            .as_ref()
            .and_then(|course| span(limits, course, nth > 0, nth + 1 < count));
        pieces.push(Piece {
            limits,
            course,
            span,
        });
    }
    pieces
}

/// From when to when a piece surely lasts.
///
/// A packet that was under way when a clock stepped back left before the step and says what holds after it, or
/// the other way round. How long it was under way at most, its own limit tells; so much is taken off at inner ends. `None` if
/// nothing is left.
fn span(
    limits: &[Limit],
    course: &Course,
    after_other: bool,
    before_other: bool,
) -> Option<(i64, i64)> {
    let (first, last) = (limits.first()?, limits.last()?);
    let (mut start, mut end) = (first.time, last.time);
    if after_other && first.above {
        let delay = first.ahead.saturating_sub(course.spread(start).low);
        start = start.saturating_add(delay.max(0));
    }
    if before_other && !last.above {
        let delay = course.spread(end).high.saturating_sub(last.ahead);
        end = end.saturating_sub(delay.max(0));
    }
    (start <= end).then_some((start, end))
}

fn from_left(limits: &[Limit]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut rest = limits;
    let mut start = 0;
    while !rest.is_empty() {
        let len = longest(rest.len(), |len| rest.get(..len).is_some_and(fits));
        pieces.push(start..start + len);
        start += len;
        rest = rest.get(len..).unwrap_or_default();
    }
    pieces
}

fn from_right(limits: &[Limit]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut rest = limits;
    while !rest.is_empty() {
        let all = rest.len();
        let len = longest(all, |len| rest.get(all - len..).is_some_and(fits));
        pieces.push(all - len..all);
        rest = rest.get(..all - len).unwrap_or_default();
    }
    pieces.reverse();
    pieces
}

/// The largest length up to `all` that fits; whatever is shorter fits, too, and 1 always does.
fn longest(all: usize, fits: impl Fn(usize) -> bool) -> usize {
    if fits(all) {
        return all;
    }
    let mut good = 1;
    while good * 2 < all && fits(good * 2) {
        good *= 2;
    }
    let mut bad = (good * 2).min(all);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}
