//! The JSON schemas: committed as they are generated, and true of everything that is written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use netdiff_core::{
    AnalysisOptions, Described, SetRequest, baseline, compare, inspect, json_schema,
    render_inspect_json, render_json, trace,
};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A schema that says whether a value is of its shape, stricter than readers must be: a property that it does not know is wrong, since it is
/// generated from what writes. Knows the keywords that occur and no other.
struct Checked(Value);

const ANNOTATIONS: [&str; 6] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "format",
];

impl Checked {
    fn of(described: Described) -> Self {
        Self(parsed(&json_schema(described)))
    }

    /// What is wrong with a value, with the place.
    fn faults(&self, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0, value, "$", &mut faults);
        faults
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        self.check(schema, value, "", &mut faults);
        faults.is_empty()
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Value::Object(keywords) = schema else {
            match schema {
                Value::Bool(true) => {}
                Value::Bool(false) => faults.push(format!("{at}: must not be there")),
                other => panic!("{other}: no schema"),
            }
            return;
        };
        for (keyword, wanted) in keywords {
            let right = match keyword.as_str() {
                "$ref" => {
                    let path = wanted.as_str().unwrap().trim_start_matches('#');
                    let target = self.0.pointer(path).expect("what is referred to");
                    self.check(target, value, at, faults);
                    true
                }
                "type" => match wanted {
                    Value::Array(types) => types.iter().any(|one| is_of_type(one, value)),
                    one => is_of_type(one, value),
                },
                "const" => wanted == value,
                "enum" => wanted.as_array().unwrap().contains(value),
                "anyOf" => list(wanted).iter().any(|one| self.fits(one, value)),
                "oneOf" => {
                    list(wanted)
                        .iter()
                        .filter(|one| self.fits(one, value))
                        .count()
                        == 1
                }
                "minimum" => number(value).is_none_or(|n| n >= number(wanted).unwrap()),
                "maximum" => number(value).is_none_or(|n| n <= number(wanted).unwrap()),
                "minItems" => count(value).is_none_or(|n| n >= wanted.as_u64().unwrap()),
                "maxItems" => count(value).is_none_or(|n| n <= wanted.as_u64().unwrap()),
                "required" => value.as_object().is_none_or(|object| {
                    let mut names = list(wanted).iter();
                    names.all(|name| object.contains_key(name.as_str().unwrap()))
                }),
                "prefixItems" => {
                    let pairs = list(wanted).iter().zip(items(value));
                    self.check_items(pairs, at, faults)
                }
                "items" => {
                    let pairs = items(value).iter().map(|item| (wanted, item));
                    self.check_items(pairs, at, faults)
                }
                // See `check_properties`.
                "properties" | "additionalProperties" => true,
                known if ANNOTATIONS.contains(&known) => true,
                unknown => panic!("{unknown}: a keyword that this test does not know"),
            };
            if !right {
                faults.push(format!("{at}: {keyword} {wanted}, and it is {value}"));
            }
        }
        if let Value::Object(object) = value {
            self.check_properties(keywords, object, at, faults);
        }
    }

    /// Faults tell for themselves.
    fn check_items<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a Value, &'a Value)>,
        at: &str,
        faults: &mut Vec<String>,
    ) -> bool {
        for (place, (schema, item)) in pairs.enumerate() {
            self.check(schema, item, &format!("{at}[{place}]"), faults);
        }
        true
    }

    fn check_properties(
        &self,
        keywords: &Map<String, Value>,
        object: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let known = keywords.get("properties").and_then(Value::as_object);
        let others = keywords.get("additionalProperties");
        if known.is_none() && others.is_none() {
            return;
        }
        for (name, value) in object {
            let at = format!("{at}.{name}");
            match known.and_then(|known| known.get(name)).or(others) {
                Some(schema) => self.check(schema, value, &at, faults),
                None => faults.push(format!("{at}: not in the schema")),
            }
        }
    }
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}: a type that this test does not know"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn count(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn assert_fits(schema: &Checked, value: &Value, what: &str) {
    let faults = schema.faults(value);
    let first: String = faults
        .iter()
        .take(5)
        .map(|fault| format!("{fault}\n"))
        .collect();
    assert!(
        faults.is_empty(),
        "{what}: {} faults\n{first}",
        faults.len()
    );
}

#[test]
fn the_schemas_are_committed_as_they_are_generated() {
    for described in Described::ALL {
        let file = root().join(format!("docs/schema/{}.schema.json", described.name()));
        let schema = json_schema(described);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &schema).unwrap();
        }
        let committed = fs::read_to_string(&file)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        let advice = "UPDATE_DOCS=1 cargo test -p netdiff-cli --test schema renews it";
        assert!(committed == schema, "{}: {advice}", file.display());
        let command = Command::new(cargo_bin("netdiff"))
            .args(["schema", described.name()])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(command.stdout).unwrap(), schema);
    }
}

/// Every fourth scenario, traced; of these every third compared, inspected and as a baseline as well.
#[test]
fn what_is_written_is_of_its_schema() {
    let [report, stored, inspection] = Described::ALL.map(Checked::of);
    let folder = root().join("testdata/scenarios");
    let mut scenarios: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("failing").is_dir())
        .collect();
    scenarios.sort();
    assert!(scenarios.len() > 100);
    scenarios
        .par_iter()
        .step_by(4)
        .enumerate()
        .for_each(|(number, path)| {
            let name = path.file_name().unwrap().to_string_lossy();
            let failing = SetRequest::of_path(path.join("failing"));
            let traced = render_json(&trace(&failing).unwrap()).unwrap();
            assert_fits(&report, &parsed(&traced), &format!("{name}, traced"));
            if number % 3 != 0 {
                return;
            }
            if path.join("reference").is_dir() {
                let reference = SetRequest::of_path(path.join("reference"));
                let compared = render_json(&compare(&reference, &failing).unwrap()).unwrap();
                assert_fits(&report, &parsed(&compared), &format!("{name}, compared"));
            }
            let inspected = render_inspect_json(&inspect(&failing).unwrap()).unwrap();
            assert_fits(
                &inspection,
                &parsed(&inspected),
                &format!("{name}, inspected"),
            );
            let written = baseline(&[failing], &AnalysisOptions::default()).unwrap();
            assert_fits(&stored, &parsed(&written), &format!("{name} as a baseline"));
        });
}

/// What is ignored and what is selected is in the report as well.
#[test]
fn reports_of_all_options_are_of_the_schema() {
    let scenario = "testdata/scenarios/vxlan-8472-blocked";
    let (reference, failing) = (
        format!("{scenario}/reference"),
        format!("{scenario}/failing"),
    );
    let report = Checked::of(Described::Report);
    for options in [
        &[
            "trace",
            &failing,
            "--flow",
            "lost",
            "--ignore",
            "underlay-vxlan-blocked",
        ][..],
        &["trace", &failing, "--anonymize"],
        &[
            "diff",
            &reference,
            &failing,
            "--ignore",
            "mss",
            "--protocol",
            "icmp",
        ],
    ] {
        let mut command = Command::new(cargo_bin("netdiff"));
        command
            .current_dir(root())
            .args(options)
            .args(["--format", "json"]);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_fits(&report, &parsed(&text), &options.join(" "));
    }
}

#[test]
fn what_is_wrong_is_found() {
    let report = Checked::of(Described::Report);
    let failing = root().join("testdata/scenarios/vxlan-8472-blocked/failing");
    let text = render_json(&trace(&SetRequest::of_path(failing)).unwrap()).unwrap();
    let spoiled = |spoil: fn(&mut Value)| {
        let mut value = parsed(&text);
        spoil(&mut value);
        report.faults(&value)
    };
    assert_eq!(spoiled(|_| {}), Vec::<String>::new());
    assert!(!spoiled(|v| v["schema_version"] = json!("1")).is_empty());
    assert!(!spoiled(|v| v["schema_version"] = json!(-1)).is_empty());
    assert!(!spoiled(|v| v["more"] = json!(1)).is_empty());
    assert!(!spoiled(|v| v["findings"][0]["rule"] = json!(null)).is_empty());
    assert!(!spoiled(|v| v["flows"][0]["set"] = json!("other")).is_empty());
    assert!(!spoiled(|v| drop(v["flows"][0].as_object_mut().unwrap().remove("reply"))).is_empty());
}
