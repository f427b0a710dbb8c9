//! How wide the parts of a ladder's lines are: what there is to show, and the columns that there are.

use unicode_width::UnicodeWidthStr;

use super::layout::{left, right};
use crate::report::model_flow::{EncapsulationReport, HopReport};
use crate::types::Nanos;

/// What an interface's name gets, if it needs no more: Linux allows 15 bytes.
const INTERFACE: usize = 15;
/// Figures get this much, if they need no more.
const ROLE: usize = 8;
const PACKETS: usize = 6;
const DELAY: usize = 8;

/// From this width on a ladder shows more than it does at 80 columns.
const WIDE: usize = 96;

/// Widths in columns; a part of width 0 is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) interface: usize,
    pub(super) role: usize,
    /// One of the two columns of figures.
    pub(super) side: usize,
    packets: usize,
    delay: usize,
    /// The error of delays between nodes, which are shown with it only.
    bound: usize,
    /// The sign before it.
    plus_minus: &'static str,
    tunnel: usize,
    ttl: usize,
    frame: usize,
}

impl Columns {
    /// Fits a ladder's hops into `width`. `names` is the width of the longest interface name, `plus_minus` the sign as it is written.
    ///
    /// Where there is little room, short names give up their rest, then encapsulation goes (it is also told below the ladder), then delays. Where there
    /// is much, the time to live, delays between nodes with their error and the number of the first packet come in, in this order.
    pub(super) fn fit(
        width: usize,
        names: usize,
        hops: &[&HopReport],
        plus_minus: &'static str,
    ) -> Self {
        let widest = |part: &dyn Fn(&HopReport) -> String| {
            let parts = hops.iter().map(|hop| part(hop).width());
            parts.max().unwrap_or(0)
        };
        let mut fitted = Self {
            interface: INTERFACE,
            role: ROLE,
            side: 0,
            packets: PACKETS.max(1 + widest(&|hop| hop.packets.to_string())),
            delay: DELAY.max(1 + widest(&|hop| delay(hop, false))),
            bound: 0,
            plus_minus,
            tunnel: widest(&tunnel),
            ttl: 0,
            frame: 0,
        };
        let narrower: [fn(&mut Self); 3] = [
            |columns| columns.role = ROLE - 1,
            |columns| columns.tunnel = 0,
            |columns| columns.delay = 0,
        ];
        if !fitted.fits(width) {
            fitted.interface = names.min(INTERFACE);
        }
        for step in narrower {
            if !fitted.fits(width) {
                step(&mut fitted);
            }
        }
        fitted.try_with(width, |columns| {
            columns.interface = columns.interface.max(names);
        });
        if width >= WIDE {
            fitted.try_with(width, |columns| columns.ttl = widest(&ttl));
            fitted.try_with(width, |columns| {
                columns.bound = widest(&|hop| bound(hop, plus_minus));
                columns.delay = DELAY.max(2 + widest(&|hop| delay(hop, true)));
            });
            fitted.try_with(width, |columns| columns.frame = widest(&frame));
        }
        let room = fitted.room(width);
        fitted.side = match width {
            WIDE.. => room.min(fitted.needed() + 4),
            _ => room,
        };
        fitted
    }

    fn try_with(&mut self, width: usize, change: impl FnOnce(&mut Self)) {
        let mut changed = *self;
        change(&mut changed);
        if changed.fits(width) {
            *self = changed;
        }
    }

    fn fits(&self, width: usize) -> bool {
        self.needed() <= self.room(width)
    }

    /// What one side needs.
    fn needed(&self) -> usize {
        let parts = [self.tunnel, self.ttl, self.frame];
        let parts = parts.iter().filter(|part| **part > 0);
        self.packets + self.delay + self.bound + parts.map(|part| 2 + part).sum::<usize>()
    }

    /// What one side has.
    fn room(&self, width: usize) -> usize {
        width.saturating_sub(self.before()) / 2
    }

    /// What stands before the sides.
    pub(super) fn before(&self) -> usize {
        4 + self.interface + 1 + self.role
    }

    /// A word above a side.
    pub(super) fn head(&self, word: &str) -> String {
        right(word, self.packets + 3)
    }

    /// A word in place of figures.
    pub(super) fn word(&self, word: &str) -> String {
        right(word, self.packets)
    }

    /// The figures of a hop.
    pub(super) fn figures(&self, hop: &HopReport) -> String {
        let mut text = right(&hop.packets.to_string(), self.packets);
        if self.delay > 0 {
            text.push_str(&right(&delay(hop, self.bound > 0), self.delay));
            if self.bound > 0 {
                text.push_str(&left(&bound(hop, self.plus_minus), self.bound));
            }
        }
        for (part, width) in [
            (tunnel as fn(&HopReport) -> String, self.tunnel),
            (ttl, self.ttl),
            (frame, self.frame),
        ] {
            if width > 0 {
                text.push_str("  ");
                text.push_str(&left(&part(hop), width));
            }
        }
        text
    }
}

/// Time since the hop before; between nodes only where its error is shown, since without it says too little.
fn delay(hop: &HopReport, with_bound: bool) -> String {
    let shown = hop.delay.filter(|delay| with_bound || delay.bound_ns == 0);
    shown.map_or_else(String::new, |delay| {
        let sign = if delay.median_ns < 0 { "" } else { "+" };
        format!("{sign}{}", Nanos(delay.median_ns))
    })
}

/// ` ± 3 µs`.
fn bound(hop: &HopReport, plus_minus: &str) -> String {
    let between_nodes = hop.delay.filter(|delay| delay.bound_ns != 0);
    between_nodes.map_or_else(String::new, |delay| {
        format!(" {plus_minus} {}", Nanos(delay.bound_ns))
    })
}

fn tunnel(hop: &HopReport) -> String {
    hop.encapsulation
        .as_ref()
        .map_or_else(String::new, short_tunnel)
}

/// `vxlan 1`.
pub(super) fn short_tunnel(tunnel: &EncapsulationReport) -> String {
    match tunnel.vni {
        Some(vni) => format!("{} {vni}", tunnel.kind),
        None => tunnel.kind.to_owned(),
    }
}

fn ttl(hop: &HopReport) -> String {
    match (hop.ttl.min, hop.ttl.max) {
        (0, 0) => String::new(),
        (min, max) if min == max => format!("TTL {min}"),
        (min, max) => format!("TTL {min}-{max}"),
    }
}

/// The first packet's number in its file.
fn frame(hop: &HopReport) -> String {
    format!("frame {}", hop.first.packet_number)
}
