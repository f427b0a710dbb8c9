//! Rotated captures: several files of one capture point.

use std::collections::BTreeMap;

use super::assemble::Place;
use super::gathered::Found;
use super::stem::series_of;
use crate::read::{PacketReader, SetError};
use crate::types::Timestamp;

/// A capture and its place.
pub(super) type Placed = (Found, Place);

/// Orders captures by name, and those of one point by time.
///
/// Several files may claim one point if they are one capture that was rotated: in one folder, with
/// names that differ in timestamps, serial numbers or the number behind the extension (tcpdump's
/// `-C`, `-W` and `-G`, dumpcap's `-b`). Their order is that of their first packets, because the
/// numbers of a ring begin anew; only for this a first packet is read.
///
/// # Errors
///
/// Where files that are no such series claim one point.
pub(super) fn order_captures(captures: Vec<Placed>) -> Result<Vec<Placed>, SetError> {
    let mut points: BTreeMap<_, Vec<Placed>> = BTreeMap::new();
    for (found, place) in captures {
        let point = (place.node.clone(), place.interface.clone());
        points.entry(point).or_default().push((found, place));
    }
    let mut groups: Vec<Vec<Placed>> = points.into_values().collect();
    for group in &mut groups {
        group.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        refuse_strangers(group)?;
    }
    groups.sort_by(|a, b| first_name(a).cmp(&first_name(b)));
    groups
        .iter_mut()
        .filter(|group| group.len() > 1)
        .for_each(|group| sort_by_time(group));
    Ok(groups.into_iter().flatten().collect())
}

fn first_name(group: &[Placed]) -> Option<&str> {
    group.first().map(|(found, _)| found.name.as_str())
}

/// Refuses a group, sorted by name, that is not one rotated capture.
fn refuse_strangers(group: &[Placed]) -> Result<(), SetError> {
    for pair in group.windows(2) {
        let [(first, place), (second, _)] = pair else {
            continue;
        };
        let (one, other) = (series_of(&first.name), series_of(&second.name));
        if one.series != other.series || one.member == other.member {
            return Err(SetError::PointTwice {
                point: format!("{}/{}", place.node, place.interface),
                first: first.name.clone(),
                second: second.name.clone(),
            });
        }
    }
    Ok(())
}

/// Files without a packet go last; shorter names before longer ones, so that 2 is before 10.
fn sort_by_time(group: &mut [Placed]) {
    group.sort_by_cached_key(|(found, _)| {
        let time = first_time(found);
        (time.is_none(), time, found.name.len(), found.name.clone())
    });
}

fn first_time(found: &Found) -> Option<Timestamp> {
    let source = found.source.open().ok()?;
    PacketReader::new(&found.name, source)
        .ok()?
        .next_packet()?
        .time
}
