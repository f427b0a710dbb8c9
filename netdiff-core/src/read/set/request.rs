//! What the user asked for.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::InterfaceName;
use crate::read::SetError;
use crate::types::visible;

/// A capture set as it is asked for on a command line.
#[derive(Clone, Debug, Default)]
pub struct SetRequest {
    /// Folders, captures, bundles (tar, zip, compressed or not), or `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Places that win over manifest and names.
    pub points: Vec<PointOverride>,
}

impl SetRequest {
    /// The set of one folder, file or bundle.
    #[must_use]
    pub fn of_path(path: impl Into<PathBuf>) -> Self {
        Self {
            paths: vec![path.into()],
            points: Vec::new(),
        }
    }
}

/// Where one file was taken, as the user says: `NODE/INTERFACE=FILE`.
///
/// The interface `any` leaves the interfaces to the file. The file is a path, or a name inside the
/// set; a path outside the set adds the file to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointOverride {
    /// The node's name.
    pub node: Box<str>,
    /// The interface.
    pub interface: InterfaceName,
    /// The file, as given.
    pub path: PathBuf,
}

impl FromStr for PointOverride {
    type Err = SetError;

    fn from_str(text: &str) -> Result<Self, SetError> {
        let wrong = |reason: &str| SetError::Point {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let (point, path) = text.split_once('=').ok_or_else(|| {
            wrong("there is no `=`; write NODE/INTERFACE=FILE, such as master/eth0=dump1.pcap")
        })?;
        let (node, interface) = point.split_once('/').ok_or_else(|| {
            wrong("there is no `/` before the `=`; write NODE/INTERFACE=FILE, such as master/eth0=dump1.pcap")
        })?;
        match (node, interface, path) {
            ("", _, _) => Err(wrong("the node is missing before the `/`")),
            (_, "", _) => Err(wrong("the interface is missing after the `/`")),
            (_, _, "") => Err(wrong("the file is missing after the `=`")),
            _ if interface.contains('/') => Err(wrong(
                "the interface holds a `/`; write NODE/INTERFACE=FILE",
            )),
            _ => Ok(Self {
                node: visible(node).into(),
                interface: InterfaceName::parse(&visible(interface)),
                path: path.into(),
            }),
        }
    }
}

impl fmt::Display for PointOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}={}",
            self.node,
            self.interface,
            self.path.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_parse_or_say_what_is_missing() {
        let point: PointOverride = "ip-10-0-0-1.ec2.internal/eth0.100=a=b/c.pcap"
            .parse()
            .unwrap();
        assert_eq!(&*point.node, "ip-10-0-0-1.ec2.internal");
        assert_eq!(point.interface, InterfaceName::Named("eth0.100".into()));
        assert_eq!(point.path, PathBuf::from("a=b/c.pcap"));
        assert_eq!(
            "node/any=-".parse::<PointOverride>().unwrap().interface,
            InterfaceName::FromFile
        );
        for (text, reason) in [
            ("master/eth0", "there is no `=`"),
            ("eth0=x.pcap", "there is no `/`"),
            ("/eth0=x.pcap", "the node is missing"),
            ("master/=x.pcap", "the interface is missing"),
            ("master/eth0=", "the file is missing"),
            ("a/b/c=x.pcap", "the interface holds a `/`"),
        ] {
            let error = text.parse::<PointOverride>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains(reason), "{error}");
        }
    }
}
