//! Files that change between being found and being read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::doors::profile_of;
use super::options::AnalysisOptions;
use crate::profile::Profile;
use crate::read::{ReadError, SetRequest, open_set};

const PACKETS: u32 = 20_000;

/// A capture of some hundred kilobytes, more than is read ahead.
fn capture() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([0, 0, 4, 0, 1, 0, 0, 0]);
    for number in 0..PACKETS {
        for field in [1_780_000_000, number, 14, 14] {
            file.extend(u32::to_le_bytes(field));
        }
        file.extend([0; 14]);
    }
    file
}

/// What a set comes to whose second file is changed once the set is open.
fn changed(change: impl Fn(&Path)) -> Result<Profile, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let node = folder.path().join("node1");
    fs::create_dir(&node).unwrap();
    let [kept, other]: [PathBuf; 2] = ["cni0.pcap", "eth0.pcap"].map(|name| node.join(name));
    fs::write(kept, capture()).unwrap();
    fs::write(&other, capture()).unwrap();
    let request = SetRequest::of_path(folder.path());
    let mut set = open_set(&request).unwrap();
    change(&other);
    profile_of(&mut set, &AnalysisOptions::default())
}

#[test]
fn a_file_that_disappears_is_named() {
    let error = changed(|file| fs::remove_file(file).unwrap()).unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("eth0.pcap") && told.contains("it was there a moment ago"),
        "{told}"
    );
}

#[test]
fn a_file_that_shrinks_is_told_and_read_as_far_as_it_goes() {
    let half = 24 + 30 * u64::from(PACKETS / 2) + 7;
    let shrunk = |file: &Path| {
        let file = File::options().write(true).open(file).unwrap();
        file.set_len(half).unwrap();
    };
    let profile = changed(shrunk).unwrap();
    let told = format!("{:?}", profile.warnings);
    assert!(told.contains("ends inside a record"), "{told}");
    let packets: Vec<u64> = profile
        .timelines
        .points
        .iter()
        .map(|point| point.packets)
        .collect();
    assert_eq!(packets, [u64::from(PACKETS), u64::from(PACKETS / 2)]);
}

#[test]
fn a_file_that_becomes_empty_or_another_is_refused() {
    let emptied = changed(|file| drop(File::create(file).unwrap())).unwrap_err();
    assert!(emptied.to_string().contains("eth0.pcap"), "{emptied}");
    let other = changed(|file| fs::write(file, "{\"kind\": \"List\"}").unwrap()).unwrap_err();
    assert!(other.to_string().contains("eth0.pcap"), "{other}");
}
