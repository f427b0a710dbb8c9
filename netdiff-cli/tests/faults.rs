//! What goes wrong around netdiff: disks that are full, readers that leave, signals, files that cannot be read.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;

const SET: &str = "testdata/example";

fn netdiff(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("netdiff"));
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(arguments);
    command
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// What each command that writes a file is called with, before the file's name.
const WRITERS: &[&[&str]] = &[
    &["trace", SET, "-o"],
    &["trace", SET, "--format", "html", "-o"],
    &["baseline", SET, "-o"],
    &["extract", SET, "-o"],
    &["export", SET, "-o"],
];

#[test]
fn a_full_disk_is_told() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for writer in WRITERS {
        let output = netdiff(&[writer, &["/dev/full"][..]].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{writer:?}");
        let told = told(&output);
        assert!(
            told.contains("cannot write") && told.contains("make room"),
            "{writer:?}: {told}"
        );
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = netdiff(&["trace", SET]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("is the disk full?"));
}

#[test]
fn what_is_no_file_is_written_to_and_stays() {
    let plain = netdiff(&["baseline", SET]).output().unwrap().stdout;
    let output = netdiff(&["baseline", SET, "-o", "/dev/stdout"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(output.stdout, plain);

    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut child = netdiff(&["baseline", SET, "-o", pipe.to_str().unwrap()])
        .spawn()
        .unwrap();
    let mut read = Vec::new();
    File::open(&pipe).unwrap().read_to_end(&mut read).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(read, plain);
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn a_folder_and_a_place_that_is_not_there_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/such/file");
    for writer in WRITERS {
        for (target, advice) in [
            (folder.path(), "name a file in it"),
            (&missing, "make its folder first"),
        ] {
            let arguments = [writer, &[target.to_str().unwrap()][..]].concat();
            let output = netdiff(&arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{writer:?}");
            assert!(told(&output).contains(advice), "{}", told(&output));
        }
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn what_fails_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept");
    fs::write(&file, "before").unwrap();
    let name = file.to_str().unwrap();
    for arguments in [
        &["extract", SET, "--port", "9", "-o", name][..],
        &["extract", "testdata/malformed/README.md", "-o", name],
    ] {
        let output = netdiff(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert_eq!(fs::read_to_string(&file).unwrap(), "before");
        assert_eq!(names(folder.path()), ["kept"]);
    }
}

/// Starts to write `file` from a capture that never ends, and waits until that has begun. What is read is kept below `temporary`.
fn endless(folder: &Path, file: &Path, temporary: &Path) -> (Child, ChildStdin) {
    let mut child = netdiff(&["extract", "-", "--point", "n/eth0=stdin", "-o"])
        .arg(file)
        .env("TMPDIR", temporary)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[0xd4, 0xc3, 0xb2, 0xa1]).unwrap();
    while names(folder).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(5));
    }
    (child, stdin)
}

#[test]
fn a_signal_leaves_nothing_behind() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let folder = tempfile::tempdir().unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.pcapng");
        let (mut child, stdin) = endless(folder.path(), &out, temporary.path());
        let id = child.id().to_string();
        let killed = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(killed.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        drop(stdin);
        assert!(names(folder.path()).is_empty(), "{signal}");
        assert!(names(temporary.path()).is_empty(), "{signal}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    for arguments in [
        &["trace", SET, "--verbose"][..],
        &["export", SET],
        &["extract", SET, "-o", "-"],
        &["explain"],
        &["trace", SET, "--format", "html"],
    ] {
        let mut child = netdiff(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.code().unwrap() < 2, "{arguments:?}");
        assert!(!told(&output).contains("ipe"), "{}", told(&output));
    }
}

#[test]
fn input_that_comes_slowly_is_waited_for() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/scenarios");
    let file = file.join("capture-any/failing");
    let mut files: Vec<PathBuf> = fs::read_dir(file)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let bytes = fs::read(&files[0]).unwrap();
    let arguments = ["trace", "-", "--point", "n/any=stdin", "--format", "json"];
    let traced = |write: &dyn Fn(&mut dyn Write)| {
        let mut child = netdiff(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let reader = thread::spawn(move || child.wait_with_output().unwrap());
        write(&mut stdin);
        drop(stdin);
        reader.join().unwrap().stdout
    };
    let at_once = traced(&|stdin| stdin.write_all(&bytes).unwrap());
    let slowly = traced(&|stdin| {
        let (start, rest) = bytes.split_at(100);
        for byte in start {
            stdin.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_micros(300));
        }
        stdin.write_all(rest).unwrap();
    });
    assert!(!at_once.is_empty());
    assert_eq!(at_once, slowly);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let node = folder.path().join("set/master");
    fs::create_dir_all(&node).unwrap();
    let secret = node.join("eth0.pcap");
    fs::write(&secret, [0; 24]).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    // Dangling links are nobody's captures.
    symlink("/no/such/file", node.join("cni0.pcap")).unwrap();
    let set = folder.path().join("set");
    let output = netdiff(&["trace", set.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = told(&output);
    assert!(told.contains("eth0.pcap"), "{told}");
    // The super-user may read everything.
    if File::open(&secret).is_err() {
        assert!(told.contains("give yourself the right"), "{told}");
    }
}

#[test]
fn little_memory_is_told() {
    // A selection asks for packets one by one, so that all are kept; without one a long capture needs no more memory than a short one.
    let selected = traced_with_little_memory("--flow udp", &datagram());
    let whole = traced_with_little_memory("", &[0; 14]);
    if selected.status.code() == Some(77) {
        return;
    }
    let message = told(&selected);
    assert_eq!(selected.status.code(), Some(2), "{message}");
    assert!(message.contains("not enough memory"), "{message}");
    assert_eq!(whole.status.code(), Some(0), "{}", told(&whole));
}

/// A frame with an empty UDP datagram.
fn datagram() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    frame.extend([0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0]);
    frame.extend([10, 244, 0, 4, 10, 244, 1, 5, 156, 64, 35, 40, 0, 8, 0, 0]);
    frame
}

/// A capture of two million packets like `frame`, traced with 300 MB.
fn traced_with_little_memory(options: &str, frame: &[u8]) -> Output {
    let program = cargo_bin("netdiff");
    let script = format!(
        "ulimit -v 300000 2>/dev/null || exit 77; exec \"$0\" trace - --point n/eth0=stdin --jobs 1 {options}"
    );
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let frame = frame.to_vec();
    let len = u8::try_from(frame.len()).unwrap();
    let feeder = thread::spawn(move || {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend([0, 0, 4, 0, 1, 0, 0, 0]);
        let _ = stdin.write_all(&file);
        let mut record = 1_780_000_000_u32.to_le_bytes().to_vec();
        record.extend([0; 4]);
        record.extend([len, 0, 0, 0, len, 0, 0, 0]);
        record.extend(frame);
        let many = record.repeat(50_000);
        // 2 million packets.
        let _ = (0..40).try_for_each(|_| stdin.write_all(&many));
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}
