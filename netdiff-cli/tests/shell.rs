//! The program in a shell and on a terminal: completions, manual pages, pager, colors, signs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;

fn set() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join("testdata/scenarios/vxlan-8472-blocked/failing")
}

/// The program without what the caller's environment says of terminals.
fn netdiff(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("netdiff"));
    without_terminal(&mut command).args(arguments);
    command
}

fn without_terminal(command: &mut Command) -> &mut Command {
    for name in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "LC_ALL",
        "LC_CTYPE",
        "LANG",
        "PAGER",
        "NETDIFF_PAGER",
        "LESS",
    ] {
        command.env_remove(name);
    }
    command
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn trace() -> Command {
    let mut command = netdiff(&["trace"]);
    command.arg(set());
    command
}

/// Whether a tool is here.
fn has(tool: &str) -> bool {
    let run = Command::new(tool)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    run.is_ok_and(|status| status.success())
}

#[test]
fn bash_takes_the_completions() {
    if !has("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("netdiff.bash");
    let script = netdiff(&["completions", "bash"]).output().unwrap();
    assert_eq!(script.status.code(), Some(0));
    fs::write(&file, script.stdout).unwrap();
    let completed = Command::new("bash")
        .arg("--norc")
        .arg("-c")
        .arg(
            "source \"$0\" && COMP_WORDS=(netdiff explain underlay-vx) COMP_CWORD=2 && \
             _netdiff netdiff underlay-vx explain && echo \"${COMPREPLY[@]}\"",
        )
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&completed.stdout).into_owned();
    assert!(text.contains("underlay-vxlan-blocked"), "{completed:?}");
    assert!(completed.stderr.is_empty(), "{completed:?}");
}

#[test]
fn manual_pages_render() {
    let folder = tempfile::tempdir().unwrap();
    let output = netdiff(&["man"]).arg(folder.path().join("man1")).output();
    assert_eq!(output.unwrap().status.code(), Some(0));
    let page = folder.path().join("man1/netdiff-diff.1");
    assert!(fs::read_to_string(&page).unwrap().contains(".SH EXAMPLES"));
    let all = stdout(&mut netdiff(&["man"]));
    assert_eq!(
        all.matches(".SH EXAMPLES").count(),
        fs::read_dir(folder.path().join("man1")).unwrap().count()
    );
    if !has("groff") {
        return;
    }
    let rendered = Command::new("groff")
        .args(["-man", "-ww", "-Tascii"])
        .arg(&page)
        .output()
        .unwrap();
    assert!(rendered.stderr.is_empty(), "{rendered:?}");
    let text = String::from_utf8_lossy(&rendered.stdout).into_owned();
    assert!(text.contains("netdiff diff healthy/ failing/"), "{text}");
}

#[test]
fn the_locale_or_an_option_makes_it_ascii() {
    assert!(!stdout(&mut trace()).is_ascii());
    assert!(stdout(trace().arg("--ascii")).is_ascii());
    for (name, value, ascii) in [
        ("LANG", "C", true),
        ("LC_CTYPE", "POSIX", true),
        ("LC_ALL", "de_DE.ISO-8859-1", true),
        ("LANG", "de_DE.UTF-8", false),
        ("LC_ALL", "C.utf8", false),
        ("LC_ALL", "", false),
    ] {
        let text = stdout(trace().env(name, value));
        assert_eq!(text.is_ascii(), ascii, "{name}={value}");
    }
    let text = stdout(trace().env("LANG", "C").env("LC_ALL", "en_US.UTF-8"));
    assert!(!text.is_ascii(), "LC_ALL comes before LANG");
}

#[test]
fn colors_may_be_forced_or_forbidden() {
    for (variables, arguments, colored) in [
        (&[][..], &[][..], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "0")], &[], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
        (&[("CLICOLOR_FORCE", "1")], &["--format", "json"], false),
    ] {
        let mut command = trace();
        command.args(arguments).envs(variables.iter().copied());
        let text = stdout(&mut command);
        assert_eq!(
            text.contains('\x1b'),
            colored,
            "{variables:?} {arguments:?}"
        );
    }
}

#[test]
fn names_that_do_not_exist_are_near_others() {
    let told = |arguments: &[&str]| {
        let output = netdiff(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (arguments, near) in [
        (
            &["explain", "udnerlay-vxlan-blocked"][..],
            "did you mean underlay-vxlan-blocked?",
        ),
        (&["explain", "Selection"], "did you mean selection?"),
        (&["explain", "mss"], "is a kind of difference, not a rule"),
        (&["explain", "vxlan"], "vxlan-bad-checksum"),
        (&["explain", "zzzzzz"], "`netdiff explain` lists them all"),
        (&["daff", "a", "b"], "similar subcommand exists: 'diff'"),
        (&["diff", "a", "b", "--vxlan-prt", "1"], "'--vxlan-port'"),
        (&["diff", "a", "b", "--fail-on", "eror"], "'error'"),
        (&["diff", "a", "b", "--ignore", "msss"], "did you mean mss?"),
        (
            &["trace", "a", "--ignore", "mtu-blackhol"],
            "did you mean mtu-blackhole?",
        ),
        (&["completions", "bsh"], "'bash'"),
    ] {
        let text = told(arguments);
        assert!(text.contains(near), "{arguments:?}: {text}");
    }
}

/// Runs the program on a pseudo-terminal; `None` where util-linux's `script` is not here.
fn on_terminal(command: &str, variables: &[(&str, &str)]) -> Option<Output> {
    let version = Command::new("script").arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        return None;
    }
    let line = format!("'{}' {command}", cargo_bin("netdiff").display());
    let mut script = Command::new("script");
    without_terminal(&mut script)
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    Some(script.output().unwrap())
}

#[test]
fn on_a_terminal_there_are_colors_and_a_pager() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().join("shown");
    let pager = format!("cat > '{}'", shown.display());
    let set = set().display().to_string();
    let run = |arguments: &str, variables: &[(&str, &str)]| {
        let _ = fs::remove_file(&shown);
        let output = on_terminal(&format!("trace '{set}' {arguments}"), variables)?;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let paged = fs::read_to_string(&shown).ok();
        Some((String::from_utf8(output.stdout).unwrap(), paged))
    };
    let Some((direct, paged)) = run("", &[("PAGER", &pager)]) else {
        return;
    };
    assert!(direct.is_empty(), "{direct}");
    assert!(paged.unwrap().contains("\x1b[1;31mERROR"));
    let (_, paged) = run("", &[("PAGER", "exit 1"), ("NETDIFF_PAGER", &pager)]).unwrap();
    assert!(paged.is_some(), "NETDIFF_PAGER comes before PAGER");
    for (arguments, pager) in [("--no-pager", pager.as_str()), ("", "cat"), ("", "")] {
        let (direct, paged) = run(arguments, &[("PAGER", pager)]).unwrap();
        assert!(
            paged.is_none() && direct.contains("\x1b[1;31mERROR"),
            "{direct}"
        );
    }
    let (direct, _) = run("", &[("PAGER", "no-such-pager")]).unwrap();
    assert!(direct.contains("underlay-vxlan-blocked"), "{direct}");
    let (direct, _) = run("--no-pager", &[("NO_COLOR", "1")]).unwrap();
    assert!(
        !direct.contains('\x1b'),
        "short work shows no progress: {direct}"
    );
}
