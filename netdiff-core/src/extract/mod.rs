//! Takes packets out of the captures again: annotated pcapng files and tables of sightings.
//!
//! The rooms before keep of a packet its place, not its bytes. This one is told which sightings are wanted ([`Chosen`]), reads the files a second
//! time ([`replay`]), merged over all capture points in corrected time, and hands each wanted packet with what is known of it to a
//! [`Sink`]: [`PacketFile`] writes pcapng, [`Table`] writes CSV or TSV. It writes to what it is given and opens nothing but captures.

mod chosen;
mod clock;
mod fragments;
mod note;
mod packet_file;
mod pcapng;
mod replay;
mod stream;
mod strip;
mod table;
mod text;
mod transmission;

pub use chosen::{Chosen, Facts, Place, Wanted};
pub use packet_file::{PacketFile, PacketFileOptions};
pub use replay::{ReplayError, Replayed, Seen, Sink, replay};
pub use table::{COLUMNS, Separator, Table};
