//! Memory that grows with the captures: where it is limited, the user gets a message and not the end of the program.

use crate::read::ReadError;

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
