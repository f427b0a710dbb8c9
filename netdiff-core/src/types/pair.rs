//! What a user says belongs together in two sets.

use std::fmt;
use std::net::IpAddr;

/// Two nodes or two addresses, the reference's first and then the failing set's, that play the same part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatedPair {
    /// Nodes, by name.
    Nodes(String, String),
    /// Ends of flows.
    Addresses(IpAddr, IpAddr),
}

/// Why two words are no pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// An address cannot play the part of a node.
    #[error("one is an address and the other is not; write two nodes or two addresses")]
    Mixed,
    /// A side is missing.
    #[error("one side is missing; write two nodes or two addresses")]
    Empty,
}

impl StatedPair {
    /// A pair of nodes, or of addresses if both are such.
    ///
    /// # Errors
    /// Where only one is an address, or one is empty.
    pub fn new(reference: &str, failing: &str) -> Result<Self, PairError> {
        match (reference.parse(), failing.parse()) {
            _ if reference.is_empty() || failing.is_empty() => Err(PairError::Empty),
            (Ok(ours), Ok(theirs)) => Ok(Self::Addresses(ours, theirs)),
            (Err(_), Err(_)) => Ok(Self::Nodes(reference.to_owned(), failing.to_owned())),
            _ => Err(PairError::Mixed),
        }
    }
}

impl fmt::Display for StatedPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(ours, theirs) => write!(f, "{ours}={theirs}"),
            Self::Addresses(ours, theirs) => write!(f, "{ours}={theirs}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_of_one_kind() {
        let nodes = StatedPair::new("a", "b").unwrap();
        assert_eq!(nodes.to_string(), "a=b");
        assert!(matches!(nodes, StatedPair::Nodes(..)));
        let addresses = StatedPair::new("10.0.0.1", "fd00::1").unwrap();
        assert!(matches!(addresses, StatedPair::Addresses(..)));
        assert_eq!(StatedPair::new("a", "10.0.0.1"), Err(PairError::Mixed));
        assert_eq!(StatedPair::new("", "b"), Err(PairError::Empty));
    }
}
