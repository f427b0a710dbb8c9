//! What a file is that holds no capture to read, with advice.

use std::fmt;

/// What a file is that is no capture for us. Displays as a clause with advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooksLike {
    /// A capture format that another tool can convert: its name and that tool's command.
    Convertible {
        /// The format's name.
        name: &'static str,
        /// A command that makes a pcapng file `OUT` of the file `IN`.
        command: &'static str,
    },
    /// Something that holds no packets: its description.
    Known(&'static str),
    /// Readable text.
    Text,
    /// An archive where a single capture was expected.
    Bundle,
    /// No bytes.
    Empty,
    /// Nothing that is known.
    Unknown {
        /// The first bytes; as many as the file has, padded with zeros.
        first: [u8; 8],
    },
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Convertible { name, command } => {
                write!(f, "it is a {name} file, convert it with: {command}")
            }
            Self::Known(description) => write!(f, "it is {description}"),
            Self::Text => f.write_str(
                "it is text; a capture is written with tcpdump -w FILE, not by redirecting its output",
            ),
            Self::Bundle => f.write_str("it is an archive inside another archive; unpack it first"),
            Self::Empty => f.write_str("it is empty"),
            Self::Unknown { first } => {
                f.write_str("its first bytes are")?;
                first.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
            }
        }
    }
}
