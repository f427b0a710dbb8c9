//! The inspected set as a manifest to edit.

use std::fmt::Write;

use super::model::{InspectReport, InspectedFile, InspectedPoint};

const HEAD: &str = "\
# Written by netdiff inspect: where each capture was taken, as far as names and packets tell.
# Correct what is wrong; what stands here wins over names and packets.
";

/// The text of a `netdiff.toml` that states what was inferred: it places every file as it was placed.
///
/// File names are relative to the set. The role stands at a file whose packets belong to one capture point.
#[must_use]
pub fn render_manifest(report: &InspectReport) -> String {
    let mut text = HEAD.to_owned();
    for file in &report.files {
        let _ = write!(
            text,
            "\n[[capture]]\nfile = {}\nnode = {}\ninterface = {}\n",
            quoted(&file.name),
            quoted(&file.node),
            quoted(&file.interface)
        );
        write_role(&mut text, report, file);
    }
    for node in &report.nodes {
        let addresses: Vec<String> = report
            .addresses
            .iter()
            .filter(|a| a.kind == "node" && a.node.as_deref() == Some(&node.name))
            .map(|a| quoted(&a.address))
            .collect();
        let _ = write!(
            text,
            "\n[[node]]\nname = {}\naddresses = [{}]\n",
            quoted(&node.name),
            addresses.join(", ")
        );
    }
    text
}

fn write_role(text: &mut String, report: &InspectReport, file: &InspectedFile) {
    let points: Vec<&InspectedPoint> = report
        .capture_points
        .iter()
        .filter(|point| point.files.contains(&file.name))
        .collect();
    let result = match points.as_slice() {
        [point] if point.role == "unknown" => {
            writeln!(text, "# role = \"pod\"   # pod, bridge, vtep or uplink?")
        }
        [point] => writeln!(text, "role = {}", quoted(point.role)),
        points => points.iter().try_for_each(|point| {
            writeln!(
                text,
                "# holds {}: {}",
                one_line(&point.interface),
                point.role
            )
        }),
    };
    // Writing to a text does not fail.
    let _ = result;
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A basic string of TOML 1.0.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_can_be_quoted() {
        assert_eq!(quoted("a\\b\"c\n\u{85}ü"), r#""a\\b\"c\u000A\u0085ü""#);
        let text = format!("name = {}", quoted("a\\b\"c\n\u{7f}"));
        let parsed: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(parsed["name"].as_str(), Some("a\\b\"c\n\u{7f}"));
    }
}
