//! The program in Chinese: which language it takes, and that help, errors and files are in it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

fn failing() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join("testdata/scenarios/vxlan-8472-blocked/failing")
}

/// The program where no locale is set but these.
fn netdiff(folder: &Path, locale: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("netdiff"));
    for name in ["LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "LANGUAGE"] {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .envs(locale.iter().copied())
        .args(arguments)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn the_locale_decides_as_gettext_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let explain = |locale: &[(&str, &str)]| {
        is_chinese(&out(&netdiff(
            folder.path(),
            locale,
            &["explain", "vni-mismatch"],
        )))
    };
    assert!(!explain(&[]));
    assert!(explain(&[("LANG", "zh_CN.UTF-8")]));
    assert!(!explain(&[("LANG", "zh_TW.UTF-8")]));
    assert!(!explain(&[("LANG", "zh_CN.UTF-8"), ("LC_MESSAGES", "C")]));
    assert!(explain(&[("LC_MESSAGES", "C"), ("LC_ALL", "zh_CN.UTF-8")]));
    assert!(explain(&[
        ("LC_MESSAGES", "zh_SG.UTF-8"),
        ("LANG", "de_DE.UTF-8"),
        ("LC_ALL", "")
    ]));
}

#[test]
fn the_option_wins_over_the_settings_and_these_over_the_locale() {
    let folder = tempfile::tempdir().unwrap();
    let chinese = |locale: &[(&str, &str)], more: &[&str]| {
        let arguments = [&["explain", "vni-mismatch"], more].concat();
        is_chinese(&out(&netdiff(folder.path(), locale, &arguments)))
    };
    assert!(chinese(&[("LANG", "en_US.UTF-8")], &["--lang", "zh-CN"]));
    assert!(!chinese(&[("LANG", "zh_CN.UTF-8")], &["--lang=en"]));
    fs::write(folder.path().join("netdiff.toml"), "lang = \"zh-CN\"\n").unwrap();
    assert!(chinese(&[], &[]));
    assert!(!chinese(&[], &["--lang", "en"]));
    let wrong = netdiff(folder.path(), &[], &["explain", "--lang", "fr"]);
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    fs::write(folder.path().join("netdiff.toml"), "lang = \"fr\"\n").unwrap();
    let set = failing();
    let output = netdiff(folder.path(), &[], &["trace", &set.to_string_lossy()]);
    assert!(err(&output).contains("line 1: lang 'fr'"), "{output:?}");
}

#[test]
fn settings_in_a_set_s_folder_are_no_error_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("master")).unwrap();
    fs::copy(
        failing().join("master/eth0.pcap"),
        folder.path().join("master/eth0.pcap"),
    )
    .unwrap();
    fs::write(folder.path().join("netdiff.toml"), "lang = \"zh-CN\"\n").unwrap();
    let output = netdiff(folder.path(), &[], &["inspect", "."]);
    assert!(out(&output).contains("抓包点"), "{output:?}");
}

#[test]
fn help_is_in_chinese_with_the_same_commands_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let help = |language: &str, command: &[&str]| {
        let arguments = [command, &["--help", "--lang", language]].concat();
        let output = netdiff(folder.path(), &[], &arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        out(&output)
    };
    let commands: [&[&str]; 11] = [
        &[],
        &["diff"],
        &["trace"],
        &["inspect"],
        &["baseline"],
        &["extract"],
        &["export"],
        &["schema"],
        &["explain"],
        &["completions"],
        &["man"],
    ];
    for command in commands {
        let (english, chinese) = (help("en", command), help("zh-CN", command));
        let options = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            let mut options: Vec<String> = words
                .filter(|word| word.starts_with("--"))
                .map(str::to_owned)
                .collect();
            options.sort();
            options.dedup();
            options
        };
        assert_eq!(
            options(&english),
            options(&chinese),
            "{command:?}\n{chinese}"
        );
        assert!(
            chinese.contains("用法：") && chinese.contains("选项"),
            "{chinese}"
        );
        let places = ["<REFERENCE> ", "<FAILING> "].map(|name| chinese.find(name));
        assert!(places.is_sorted(), "{chinese}");
        for word in [
            "Usage",
            "Options",
            "Arguments",
            "Commands",
            "default:",
            "possible values",
            "Print",
        ] {
            assert!(!chinese.contains(word), "{command:?}: {word}\n{chinese}");
        }
    }
}

#[test]
fn errors_are_in_chinese() {
    let folder = tempfile::tempdir().unwrap();
    let set = failing();
    let set = set.to_string_lossy();
    fs::write(folder.path().join("text.pcap"), "these are words\n").unwrap();
    for (arguments, wanted) in [
        (
            &["trace", "no/such/folder"][..],
            "no/such/folder：没有这样的文件或文件夹",
        ),
        (&["trace", "text.pcap"], "不是 netdiff 能读的抓包；它是文本"),
        (&["explain", "vni-mismach"], "您是不是想写 vni-mismatch？"),
        (&["trace", &set, "--flow", "icmp and"], "应为"),
        (
            &["trace", &set, "--seen-at", "nowhere/eth0"],
            "没有名为 nowhere/eth0 的抓包点",
        ),
        (
            &["trace", &set, "--ignore", "delivry"],
            "既不是规则，也不是一种差异",
        ),
        (&["trace", &set, "--jobs", "0"], "至少需要一个线程"),
        (&["trase"], "没有命令“trase”"),
        (&["trace"], "缺少：<SET>"),
        (&["trace", &set, "--formt", "json"], "没有参数“--formt”"),
        (&["trace", &set, "--format", "pdf"], "“pdf”不是"),
        (&["trace", &set, "--width", "wide"], "请写一个整数"),
        (&["explain", "--lang", "zh-CN", "--width"], "需要一个值"),
    ] {
        let arguments = [&["--lang", "zh-CN"], arguments].concat();
        let output = netdiff(folder.path(), &[], &arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let told = err(&output);
        assert!(told.contains(wanted), "{arguments:?}: {told}");
    }
}

#[test]
fn reports_comments_and_pages_are_in_chinese() {
    let folder = tempfile::tempdir().unwrap();
    let set = failing();
    let set = set.to_string_lossy();
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--lang", "zh-CN"]].concat();
        let output = netdiff(folder.path(), &[], &arguments);
        assert!(output.status.code() < Some(2), "{output:?}");
        output
    };
    let page = out(&run(&["trace", &set, "--format", "html"]));
    assert!(page.contains("<html lang=\"zh-CN\">"));
    assert!(page.contains("逐跳对照") && !page.contains("Hop by hop"));
    let json: serde_json::Value =
        serde_json::from_str(&out(&run(&["trace", &set, "--format", "json"]))).unwrap();
    assert!(is_chinese(json["findings"][0]["title"].as_str().unwrap()));
    assert_eq!(json["findings"][0]["severity"], "error");
    run(&["extract", &set, "-o", "found.pcapng"]);
    let file = fs::read(folder.path().join("found.pcapng")).unwrap();
    assert!(String::from_utf8_lossy(&file).contains("最后出现在此处"));
    let english = netdiff(folder.path(), &[], &["baseline", &set]);
    let chinese = run(&["baseline", &set]);
    assert_eq!(
        out(&english),
        out(&chinese),
        "a baseline is the same whoever writes it"
    );
    fs::write(folder.path().join("b.json"), &chinese.stdout).unwrap();
    let held = out(&run(&["inspect", "b.json"]));
    assert!(
        held.contains("其中不健康之处") && !held.contains("packets leave"),
        "{held}"
    );
    let manual = out(&run(&["man"]));
    assert!(manual.contains("[u62A5]"), "signs by their names");
}
