//! From files to observations, a file a task.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::tally::Tally;
use crate::correlate::{Ran, RoleBasis, SetPoint};
use crate::decode::{DecodeOptions, Packet, decode_packet};
use crate::identify::{
    Evidence, FragmentTrouble, Leftover, Observation, ObservedPoint, Observer, PrefixLimit,
    Subject, infer_role, join_leftovers,
};
use crate::read::{
    CaptureFile, CaptureSet, FileInterface, InterfaceInfo, InterfaceName, ReadError, ReadWarning,
    ResolvedName,
};
use crate::report::PointContents;
use crate::types::{CapturePoint, Message, PointId, Role, Timestamp};

/// What is kept of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its observation.
    Observations,
    /// Its observation, and counts of what decoding met.
    Contents,
}

/// What one file holds.
struct FileObservations {
    observations: Vec<Observation>,
    points: Vec<ObservedPoint>,
    leftovers: Vec<Leftover>,
    /// What each of `points` holds.
    contents: Vec<PointContents>,
    packets: u64,
    interfaces: Vec<InterfaceInfo>,
    names: Vec<ResolvedName>,
    warnings: Vec<ReadWarning>,
    warnings_left_out: u64,
}

/// What a set's files hold together.
pub(super) struct SetObservations {
    /// Sorted by node and interface.
    pub(super) points: Vec<SetPoint>,
    /// What each of `points` holds; nothing but for [`Detail::Contents`].
    pub(super) contents: Vec<PointContents>,
    /// Packets of each file and the interfaces that it describes.
    pub(super) interfaces: Vec<(u64, Vec<InterfaceInfo>)>,
    /// Files in order, packets in file order; points index `points`.
    pub(super) observations: Vec<Observation>,
    /// Names that the files give to addresses.
    pub(super) names: Vec<ResolvedName>,
    /// Damage, as sentences, files in order.
    pub(super) warnings: Vec<Message>,
}

/// Reads, decodes and identifies every packet of a set.
///
/// Files are read in parallel, and joined in the order of the set: the result does not depend on the number of threads.
pub(super) fn observe_set(
    set: &CaptureSet,
    options: &DecodeOptions,
    detail: Detail,
) -> Result<SetObservations, ReadError> {
    let limit = prefix_limit(set)?;
    let files: Vec<FileObservations> = set
        .files
        .par_iter()
        .map(|file| observe_file(file, limit, options, detail))
        .collect::<Result<_, _>>()?;
    set.count_rest();
    Ok(join(set, files))
}

/// Fingerprints may only cover what every capture of the set has.
fn prefix_limit(set: &CaptureSet) -> Result<PrefixLimit, ReadError> {
    let mut smallest = u32::MAX;
    for file in &set.files {
        let reader = file.open()?;
        let lengths = reader
            .interfaces()
            .iter()
            .filter_map(|interface| interface.snaplen);
        smallest = lengths.min().unwrap_or(u32::MAX).min(smallest);
    }
    Ok(PrefixLimit::for_snap_length(smallest))
}

fn observe_file(
    file: &CaptureFile,
    limit: PrefixLimit,
    options: &DecodeOptions,
    detail: Detail,
) -> Result<FileObservations, ReadError> {
    let mut reader = file.open()?;
    let mut observer = Observer::new(file.id, limit);
    let mut packet = Packet::new();
    let mut observations = Vec::new();
    let mut tally = Tally::default();
    while let Some(raw) = reader.next_packet() {
        decode_packet(
            raw.link_type,
            raw.data,
            raw.original_len,
            options,
            &mut packet,
        );
        let observation = observer.observe(&raw, &packet);
        if detail == Detail::Contents {
            tally.add(observation.evidence.point, &packet);
        }
        observations.push(observation);
    }
    let report = reader.finish();
    let (points, leftovers) = observer.finish();
    Ok(FileObservations {
        observations,
        points,
        leftovers,
        contents: tally.into_points(),
        packets: report.packets,
        interfaces: report.interfaces,
        names: report.names,
        warnings: report.damages,
        warnings_left_out: report.damages_left_out,
    })
}

impl FileObservations {
    fn interface(&self, place: FileInterface) -> Option<&InterfaceInfo> {
        self.interfaces.get(place.0 as usize)
    }
}

/// A capture point while its files are being joined.
#[derive(Default)]
struct Joined {
    stated: Option<Role>,
    tunneled: u64,
    /// First and last packets of captures that took several interfaces.
    shared: Vec<(Timestamp, Timestamp)>,
    point: Option<SetPoint>,
}

/// The capture points of all files, and each file's own points by name.
fn name_points(
    set: &CaptureSet,
    files: &[FileObservations],
) -> (BTreeMap<CapturePoint, Joined>, Vec<Vec<CapturePoint>>) {
    let mut by_name: BTreeMap<CapturePoint, Joined> = BTreeMap::new();
    let mut names: Vec<Vec<CapturePoint>> = Vec::with_capacity(files.len());
    for (file, observed) in set.files.iter().zip(files) {
        let mut local = Vec::with_capacity(observed.points.len());
        for point in &observed.points {
            let name = point_name(file, point, &observed.interfaces);
            by_name.entry(name.clone()).or_default().add(
                &name,
                file,
                Some(point),
                observed.interface(point.interface),
            );
            if let Some(joined) = by_name.get_mut(&name) {
                joined.shared.extend(window_of_all(observed, point));
            }
            local.push(name);
        }
        for (name, interface) in silent_points(file, observed) {
            by_name
                .entry(name.clone())
                .or_default()
                .add(&name, file, None, interface);
        }
        names.push(local);
    }
    (by_name, names)
}

fn join(set: &CaptureSet, files: Vec<FileObservations>) -> SetObservations {
    let (by_name, names) = name_points(set, &files);
    let index: BTreeMap<&CapturePoint, PointId> = by_name
        .keys()
        .enumerate()
        .map(|(i, name)| (name, PointId(u32::try_from(i).unwrap_or(u32::MAX))))
        .collect();
    let mut warnings: Vec<Message> = set.warnings.iter().map(ReadWarning::message).collect();
    warnings.extend_from_slice(&set.cluster.warnings);
    let mut observations = Vec::with_capacity(files.iter().map(|f| f.observations.len()).sum());
    let mut contents = vec![PointContents::default(); by_name.len()];
    let mut interfaces = Vec::with_capacity(files.len());
    let mut resolved = Vec::new();
    let mut leftovers = Vec::new();
    for ((file, observed), local) in set.files.iter().zip(files).zip(&names) {
        warnings.extend(damage(file, &observed));
        interfaces.push((observed.packets, observed.interfaces));
        resolved.extend(observed.names);
        let places: Vec<PointId> = local.iter().filter_map(|n| index.get(n).copied()).collect();
        for mut observation in observed.observations {
            if let Some(point) = places.get(observation.evidence.point.index()) {
                observation.evidence.point = *point;
                observations.push(observation);
            }
        }
        for mut leftover in observed.leftovers {
            if let Some(point) = places.get(leftover.point().index()) {
                leftover.place(*point);
                leftovers.push(leftover);
            }
        }
        for (place, counted) in places.iter().zip(observed.contents) {
            if let Some(whole) = contents.get_mut(place.index()) {
                whole.merge(counted);
            }
        }
    }
    let mut points: Vec<SetPoint> = by_name.into_values().filter_map(Joined::finish).collect();
    settle_fragments(leftovers, &mut points, &mut observations);
    SetObservations {
        points,
        contents,
        interfaces,
        observations,
        names: resolved,
        warnings,
    }
}

/// Joins datagrams whose fragments lie in several files, and counts what stays incomplete.
fn settle_fragments(
    leftovers: Vec<Leftover>,
    points: &mut [SetPoint],
    observations: &mut [Observation],
) {
    let joined = join_leftovers(leftovers);
    for (evidence, sighting) in joined.datagrams {
        let place = |e: Evidence| (e.file, e.packet_number);
        // Observations stand in order of files and packets.
        let found = observations.binary_search_by_key(&place(evidence), |o| place(o.evidence));
        if let Some(observation) = found.ok().and_then(|i| observations.get_mut(i)) {
            observation.subject = Subject::Packet(sighting);
        }
    }
    for (point, trouble) in joined.trouble {
        if let Some(point) = points.get_mut(point.index()) {
            point.fragments.incomplete += trouble.incomplete;
            point.fragments.overlapping += trouble.overlapping;
        }
    }
}

/// A file's damage as sentences.
fn damage(file: &CaptureFile, observed: &FileObservations) -> Vec<Message> {
    let mut sentences: Vec<Message> = observed.warnings.iter().map(ReadWarning::message).collect();
    if observed.warnings_left_out > 0 {
        sentences.push(message!(
            "{file}: {n} further warnings",
            file = file.name,
            n = observed.warnings_left_out
        ));
    }
    sentences
}

impl Joined {
    fn add(
        &mut self,
        name: &CapturePoint,
        file: &CaptureFile,
        seen: Option<&ObservedPoint>,
        interface: Option<&InterfaceInfo>,
    ) {
        self.stated = self.stated.or(file.role);
        let point = self.point.get_or_insert_with(|| SetPoint {
            point: name.clone(),
            role: Role::Unknown,
            role_basis: RoleBasis::Name,
            files: Vec::new(),
            link_type: None,
            packets: 0,
            first_time: None,
            last_time: None,
            dropped: 0,
            filtered: false,
            fragments: FragmentTrouble::default(),
            ran: Ran::default(),
        });
        if !point.files.contains(&file.id) {
            point.files.push(file.id);
        }
        if let Some(interface) = interface {
            point.dropped += interface.dropped.unwrap_or(0);
            point.filtered |= interface
                .filter
                .as_ref()
                .is_some_and(|filter| !filter.is_empty());
            point
                .ran
                .stated
                .extend(interface.started.zip(interface.ended));
        }
        let Some(seen) = seen else { return };
        self.tunneled += seen.tunneled;
        point.link_type = point.link_type.or(Some(seen.link_type));
        point.packets += seen.packets;
        point.fragments.incomplete += seen.fragment_trouble.incomplete;
        point.fragments.overlapping += seen.fragment_trouble.overlapping;
        point.first_time = point.first_time.into_iter().chain(seen.first_time).min();
        point.last_time = point.last_time.max(seen.last_time);
    }

    fn finish(self) -> Option<SetPoint> {
        let point = self.point?;
        let (role, role_basis) = match (self.stated, infer_role(&point.point.interface)) {
            (Some(role), _) => (role, RoleBasis::Stated),
            // Outer headers are seen towards the other nodes, whatever the interface is called.
            (None, Role::Unknown | Role::Bridge) if self.tunneled > 0 => {
                (Role::Uplink, RoleBasis::Packets)
            }
            (None, role) => (role, RoleBasis::Name),
        };
        let ran = Ran {
            shared: self.shared,
            ..point.ran
        };
        Some(SetPoint {
            role,
            role_basis,
            ran,
            ..point
        })
    }
}

/// The capture point of an interface of a file: the name that the set gives, else the one the file gives, else the
/// kernel's index of the interface, else the interface's place in the file.
fn point_name(
    file: &CaptureFile,
    point: &ObservedPoint,
    interfaces: &[InterfaceInfo],
) -> CapturePoint {
    let interface = match (&file.interface, point.interface_index) {
        (InterfaceName::Named(name), _) => name.to_string(),
        (InterfaceName::FromFile, Some(index)) => format!("if{index}"),
        (InterfaceName::FromFile, None) => interface_name(interfaces, point.interface.0),
    };
    CapturePoint::new(&file.node, &interface)
}

fn interface_name(interfaces: &[InterfaceInfo], place: u32) -> String {
    let info = interfaces.get(place as usize);
    info.and_then(|info| info.name.clone())
        .unwrap_or_else(|| match interfaces.len() {
            0 | 1 => "any".to_owned(),
            _ => format!("interface-{place}"),
        })
}

/// First and last packet of the capture that saw a point, if it took several interfaces: one socket, which the header of each packet
/// says the interface for. Interfaces that a file describes one by one may come from captures that were merged later.
fn window_of_all(
    observed: &FileObservations,
    point: &ObservedPoint,
) -> Option<(Timestamp, Timestamp)> {
    point.interface_index?;
    let of_capture = || {
        let points = observed.points.iter();
        points.filter(|other| other.interface == point.interface)
    };
    let first = of_capture().filter_map(|p| p.first_time).min();
    first.zip(of_capture().filter_map(|p| p.last_time).max())
}

/// Interfaces that a file describes and that saw nothing: evidence as well.
fn silent_points<'a>(
    file: &CaptureFile,
    observed: &'a FileObservations,
) -> Vec<(CapturePoint, Option<&'a InterfaceInfo>)> {
    match &file.interface {
        InterfaceName::Named(name) if observed.points.is_empty() => {
            let interface = observed.interfaces.first();
            vec![(CapturePoint::new(&file.node, name), interface)]
        }
        InterfaceName::Named(_) => Vec::new(),
        InterfaceName::FromFile => {
            let heard = |place: u32| observed.points.iter().any(|p| p.interface.0 == place);
            (0u32..)
                .zip(&observed.interfaces)
                .filter(|(place, _)| !heard(*place))
                .map(|(place, interface)| {
                    let name = interface_name(&observed.interfaces, place);
                    (CapturePoint::new(&file.node, &name), Some(interface))
                })
                .collect()
        }
    }
}
