//! Writes the page of a comparison with very many flows, to try how it feels in a browser:
//!
//!     cargo run --release --example many_flows -- 100000 > many.html
//!
//! The flows are those of a recorded incident, again and again under other addresses.

use std::io::Write;

use netdiff_core::{FlowReport, Report, SetName, SetRequest, compare, render_html};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args().nth(1);
    let wanted: usize = argument.as_deref().unwrap_or("100000").parse()?;
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testdata/scenarios/vxlan-8472-blocked"
    );
    let set = |name: &str| SetRequest::of_path(format!("{folder}/{name}"));
    let report = compare(&set("reference"), &set("failing"))?;
    let html = render_html(&multiplied(report, wanted))?;
    std::io::stdout().write_all(html.as_bytes())?;
    Ok(())
}

/// With copies of its pairs of flows, until there are as many pairs as wanted.
fn multiplied(mut report: Report, wanted: usize) -> Report {
    let flows = std::mem::take(&mut report.flows);
    let pairs = std::mem::take(&mut report.comparisons);
    for nth in 0..wanted {
        let Some(pair) = pairs.get(nth % pairs.len().max(1)) else {
            break;
        };
        let mut pair = pair.clone();
        let renamed = |id: &str, set: SetName| {
            let found = flows.iter().find(|flow| flow.id == id && flow.set == set);
            found.map(|flow| copy(flow, nth))
        };
        let reference = renamed(&pair.reference, SetName::Reference);
        let failing = renamed(&pair.failing, SetName::Failing);
        if let (Some(reference), Some(failing)) = (reference, failing) {
            pair.reference.clone_from(&reference.id);
            pair.failing.clone_from(&failing.id);
            report.flows.extend([reference, failing]);
            report.comparisons.push(pair);
        }
    }
    report
}

fn copy(flow: &FlowReport, nth: usize) -> FlowReport {
    let mut flow = flow.clone();
    let set = flow.set.name();
    let other = match flow.set {
        SetName::Reference => "failing",
        _ => "reference",
    };
    flow.id = format!("{set}-{}", nth + 1);
    flow.counterpart = Some(format!("{other}-{}", nth + 1));
    flow.initiator.address = format!("10.{}.{}.{}", nth >> 16, nth >> 8 & 255, nth & 255);
    flow
}
