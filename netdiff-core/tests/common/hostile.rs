//! A report in which every name that a capture or a manifest can give tries to be more than a name.

use netdiff_core::{Report, SetRequest, compare};

/// Ends attributes, elements, scripts, comments, code, tables, lines; turns text around; clears a terminal.
pub const NAME: &str = "e\"'></script><script>alert(1)</script>`|``` ]]><!-- &amp;\n\n# x @all http://x.example [l](u)\u{202e}\u{1b}[2J";

/// The original incident, with names replaced.
pub fn report() -> Report {
    let folder = super::testdata().join("scenarios/vxlan-8472-blocked");
    let set = |name: &str| SetRequest::of_path(folder.join(name));
    let mut report = compare(&set("reference"), &set("failing")).unwrap();
    let bad = |text: &str| format!("{text}{NAME}");
    for set in [&mut report.reference, &mut report.failing]
        .into_iter()
        .flatten()
    {
        set.path = bad(&set.path);
        set.warnings.push(NAME.to_owned());
        for node in &mut set.nodes {
            node.name = bad(&node.name);
        }
        for point in &mut set.capture_points {
            point.node = bad(&point.node);
            point.interface = bad(&point.interface);
            point.files = point.files.iter().map(|file| bad(file)).collect();
        }
    }
    for finding in &mut report.findings {
        finding.title = bad(&finding.title);
        finding.explanation = bad(&finding.explanation);
        finding.remedy.push(NAME.to_owned());
        for evidence in &mut finding.evidence {
            evidence.file = bad(&evidence.file);
        }
        if let Some(segment) = &mut finding.segment {
            segment.from.interface = bad(&segment.from.interface);
        }
    }
    for difference in &mut report.differences {
        difference.failing = bad(&difference.failing);
    }
    for flow in &mut report.flows {
        flow.initiator.name = Some(NAME.to_owned());
        flow.responder.node = Some(NAME.to_owned());
        for direction in [&mut flow.forward, &mut flow.reply] {
            for hop in &mut direction.hops {
                hop.node = bad(&hop.node);
                hop.interface = bad(&hop.interface);
                hop.first.file = bad(&hop.first.file);
            }
            for loss in &mut direction.losses {
                for point in [&mut loss.from, &mut loss.to] {
                    point.node = bad(&point.node);
                    point.interface = bad(&point.interface);
                }
            }
        }
    }
    report
}
