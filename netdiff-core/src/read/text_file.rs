//! Text that takes the place of captures.

use std::fs::File;
use std::io::Read;

use super::{SetError, SetRequest};

/// How much of a file is looked at to tell what it is, in bytes.
const HEAD: u64 = 256;

/// Longer texts are refused: nothing that is read whole is that long.
const MAX_TEXT: u64 = 64 << 20;

/// The text of a request that is one plain file whose beginning `is_wanted`; `None` for every other request.
///
/// # Errors
/// Where such a file cannot be read to its end, is longer than 64 MiB or no UTF-8.
pub fn read_text_if(
    request: &SetRequest,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Option<String>, SetError> {
    let [path] = request.paths.as_slice() else {
        return Ok(None);
    };
    if !path.is_file() {
        return Ok(None);
    }
    let unreadable = |reason| SetError::Unreadable {
        path: path.display().to_string(),
        reason,
    };
    let open = || File::open(path).map_err(unreadable);
    let mut head = Vec::new();
    open()?
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if !is_wanted(&String::from_utf8_lossy(&head)) {
        return Ok(None);
    }
    let mut text = String::new();
    let read = open()?.take(MAX_TEXT).read_to_string(&mut text);
    read.map_err(unreadable)?;
    Ok(Some(text))
}
