//! The ground floor: values that every room speaks of. Imports nothing of ours.

mod flow;
mod layer_numbers;
mod link_type;
mod pair;
mod point;
mod time;
mod visible;

pub use flow::{FlowKey, Protocol};
pub use layer_numbers::{EtherType, Vni};
pub use link_type::LinkType;
pub use pair::{PairError, StatedPair};
pub use point::{CapturePoint, FileId, PacketNumber, PointId, Role};
pub use time::{Nanos, Timestamp};
pub use visible::{is_shown, visible, visible_lines};
