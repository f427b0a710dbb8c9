//! What reading costs at least: the yardstick beside which all other times are printed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 20;

/// The length of a pcap file's header, and of each record's.
const HEADERS: (usize, usize) = (24, 16);

/// The files of a set, in order.
///
/// # Errors
/// If a folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "pcap") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads little-endian pcap files and steps from header to header; returns the number of packets.
///
/// # Errors
/// If a file cannot be read.
pub fn walk(files: &[PathBuf]) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut packets = 0;
    for path in files {
        packets += walk_file(&mut File::open(path)?, &mut buffer)?;
    }
    Ok(packets)
}

fn walk_file(file: &mut File, buffer: &mut [u8]) -> io::Result<u64> {
    let (mut packets, mut kept) = (0, 0);
    // Bytes still to be passed over before the next record.
    let mut skip = HEADERS.0;
    loop {
        let read = file.read(buffer.get_mut(kept..).unwrap_or_default())?;
        if read == 0 {
            return Ok(packets);
        }
        let filled = buffer.get(..kept + read).unwrap_or_default();
        let mut at = 0;
        loop {
            let step = skip.min(filled.len() - at);
            at += step;
            skip -= step;
            if skip > 0 {
                break;
            }
            let Some(&[a, b, c, d]) = filled.get(at + 8..at + 12) else {
                break;
            };
            skip = HEADERS.1 + u32::from_le_bytes([a, b, c, d]) as usize;
            packets += 1;
        }
        kept = filled.len() - at;
        let end = filled.len();
        buffer.copy_within(at..end, 0);
    }
}
