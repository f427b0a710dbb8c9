//! The report as workflow commands of GitHub Actions, which show as annotations of a run.
//!
//! `::error title=RULE::MESSAGE`, one a line; the form and its escapes are described in "Workflow commands for GitHub Actions". GitHub shows ten
//! errors, ten warnings and ten notices of a step; all stand in its log.

use super::items::{Item, verdict};
use super::model::Report;
use super::stable::StableNames;

/// Writes errors, warnings and notes as annotations, most important first, and the whole result as the last line.
///
/// Differences in how the clusters behave are warnings, others notices. What was ignored is not annotated; what is to be ignored and no longer occurs is, at
/// the line that states it.
#[must_use]
pub fn render_github(report: &Report) -> String {
    let names = StableNames::new(report);
    let findings = report.findings.iter();
    let findings = findings.map(|finding| Item::of_finding(finding, report, &names));
    let differences = report.differences.iter();
    let differences = differences.map(|d| Item::of_difference(d, report, &names));
    let mut text = String::new();
    for item in findings.chain(differences) {
        let mut message = vec![item.title.clone()];
        message.extend(item.details);
        text.push_str(&command(
            item.level,
            &[("title", item.name)],
            &message.join("\n"),
        ));
    }
    for ignored in report.unused_ignores() {
        let message = message!(
            "{what} is to be ignored and matches nothing: it no longer occurs, or is called otherwise",
            what = ignored.what
        );
        let line = ignored
            .stated_in
            .as_ref()
            .map(|place| place.line.to_string());
        let properties = match (&ignored.stated_in, &line) {
            (Some(place), Some(line)) => vec![
                ("file", place.file.as_str()),
                ("line", line.as_str()),
                ("title", "unused-ignore"),
            ],
            _ => vec![("title", "unused-ignore")],
        };
        let message = message.render(report.language);
        text.push_str(&command("note", &properties, &message));
    }
    let (version, verdict) = (report.tool.version, verdict(report));
    text.push_str(&format!("netdiff {version}: {verdict}\n"));
    text
}

fn command(level: &str, properties: &[(&str, &str)], message: &str) -> String {
    let word = match level {
        "note" => "notice",
        other => other,
    };
    let properties = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", escape_property(value)));
    let properties = properties.collect::<Vec<_>>().join(",");
    format!("::{word} {properties}::{}\n", escape_data(message))
}

/// What would end the command, or begin an escape.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// In properties also what would end the property.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_cannot_be_broken_out_of() {
        let line = command("error", &[("title", "a,b::c\n")], "100 %\r\n::warning::x");
        assert_eq!(
            line,
            "::error title=a%2Cb%3A%3Ac%0A::100 %25%0D%0A::warning::x\n"
        );
    }
}
