//! Memory that grows with the captures: where it is limited, the user gets a message and not the end of the program.

use crate::correlate::Correlator;
use crate::read::ReadError;

/// What following a packet takes at least, in bytes, beside the packet itself.
const NEED: usize = 512;

/// Makes room for so many more. `file` is where it ends if there is none.
#[inline]
pub(super) fn reserve<T>(list: &mut Vec<T>, more: usize, file: &str) -> Result<(), ReadError> {
    let out_of_memory = |_| ReadError::OutOfMemory {
        file: file.to_owned(),
    };
    // Lists grow by parts of their length: most packets find room.
    if list.capacity() - list.len() >= more {
        return Ok(());
    }
    list.try_reserve(more).map_err(out_of_memory)
}

/// Makes room for what so many packets of `file` tell, where they are taken in.
pub(super) fn make_room(
    taken: &mut Correlator,
    packets: usize,
    file: &str,
) -> Result<(), ReadError> {
    let out_of_memory = |_| ReadError::OutOfMemory {
        file: file.to_owned(),
    };
    taken.try_reserve(packets).map_err(out_of_memory)
}

/// Looks whether there is room to follow what was taken in. `set` is told if there is not.
///
/// Nothing is kept of it: a system that promises memory which it may not have is asked in vain, but one with a limit refuses.
pub(super) fn probe(taken: &Correlator, set: &str) -> Result<(), ReadError> {
    let mut room: Vec<u8> = Vec::new();
    let need = taken.len().saturating_mul(NEED);
    reserve(&mut room, need, set)
}
