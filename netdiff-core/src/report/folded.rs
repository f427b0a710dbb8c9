//! In words: the flows that are only counted.

use super::model::{Report, SetName};
use super::model_sums::FoldedFlowsReport;
use super::text::flow_line::{ends_of, relation_words};
use crate::types::Message;

/// How many flows are only counted.
pub(super) fn folded_flows(report: &Report) -> u64 {
    report.folded.iter().map(|sum| sum.flows).sum()
}

/// How many flows are only counted, and what became of their packets; `None` where all are told one by one.
pub(super) fn folded_words(report: &Report) -> Option<Message> {
    let all = folded_flows(report);
    let sums: Vec<Message> = report.folded.iter().map(sum_words).collect();
    (all > 0).then(|| {
        message!(
            "{flows}, which are no worse than those that are told one by one: {sums}. `--max-flows` tells more of them, `--flow` those that you look for.",
            flows = Message::count(all, noun!("more flow")),
            sums = Message::list(&sums, text!("; "))
        )
    })
}

fn sum_words(sum: &FoldedFlowsReport) -> Message {
    let flows = message!(
        "{flows} {relation} {protocol} ({ends})",
        flows = sum.flows,
        relation = relation_words(sum.relation),
        protocol = sum.protocol,
        ends = ends_of(sum.dispositions, sum.reply)
    );
    match sum.set {
        SetName::Set => flows,
        set => {
            let set = message!("{set}: ", set = Message::text(set.name()));
            Message::join([set, flows], "")
        }
    }
}
