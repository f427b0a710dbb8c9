//! Which packets a user asks for, after the fact: correlation sees everything, and a selection then says what is shown.
//!
//! Its door is [`Selection`], an expression in one small language (`grammar` reads it, `expression` writes it, `manual` describes it).
//! A [`Selector`] is a selection bound to one set: a predicate on a journey, which needs nothing but the journey, the ends of its flow and
//! what is known of the set as such (places, names, clocks), so that it can be asked as soon as a journey ends. A [`Choice`] is what
//! it selects of a set, and can narrow the set to it.

mod choice;
mod error;
mod expression;
mod grammar;
mod manual;
mod moment;
mod pattern;
mod selector;
#[cfg(test)]
mod tests;

pub use choice::{Choice, Picked};
pub use error::{SelectionError, Unmatched};
pub use expression::Selection;
pub use manual::SELECTION_MANUAL;
pub use selector::Selector;
