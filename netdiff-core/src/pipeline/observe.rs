//! From files to observations and their capture points.

use std::collections::BTreeMap;

use crate::correlate::{Ran, RoleBasis, SetPoint};
use crate::identify::{
    FragmentTrouble, Leftover, Observation, ObservedPoint, infer_role, join_leftovers,
};
use crate::read::{
    CaptureFile, CaptureSet, FileInterface, InterfaceInfo, InterfaceName, ReadWarning, ResolvedName,
};
use crate::report::PointContents;
use crate::types::{CapturePoint, Message, PointId, Role, Timestamp};

/// What one file holds, but for its observations.
pub(super) struct FileContents {
    pub(super) points: Vec<ObservedPoint>,
    pub(super) leftovers: Vec<Leftover>,
    /// What each of `points` holds.
    pub(super) contents: Vec<PointContents>,
    pub(super) packets: u64,
    pub(super) interfaces: Vec<InterfaceInfo>,
    pub(super) names: Vec<ResolvedName>,
    pub(super) warnings: Vec<ReadWarning>,
    pub(super) warnings_left_out: u64,
}

/// What a set's files hold together, but for its observations.
pub(super) struct SetContents {
    /// Sorted by node and interface.
    pub(super) points: Vec<SetPoint>,
    /// What each of `points` holds; nothing but for [`Detail::Contents`].
    pub(super) contents: Vec<PointContents>,
    /// Packets of each file and the interfaces that it describes.
    pub(super) interfaces: Vec<(u64, Vec<InterfaceInfo>)>,
    /// Names that the files give to addresses.
    pub(super) names: Vec<ResolvedName>,
    /// Damage, as sentences, files in order.
    pub(super) warnings: Vec<Message>,
    /// Datagrams that several files complete, each in place of its last fragment.
    pub(super) joined: Vec<Observation>,
    /// The number of each file's own points, files in order.
    pub(super) places: Vec<Vec<PointId>>,
}

impl FileContents {
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
    files: &[FileContents],
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

/// Joins what the files of a set hold.
pub(super) fn join(set: &CaptureSet, files: Vec<FileContents>) -> SetContents {
    let (by_name, names) = name_points(set, &files);
    let index: BTreeMap<&CapturePoint, PointId> = by_name
        .keys()
        .enumerate()
        .map(|(i, name)| (name, PointId(u32::try_from(i).unwrap_or(u32::MAX))))
        .collect();
    let mut warnings: Vec<Message> = set.warnings.iter().map(ReadWarning::message).collect();
    warnings.extend_from_slice(&set.cluster.warnings);
    let mut contents = vec![PointContents::default(); by_name.len()];
    let mut interfaces = Vec::with_capacity(files.len());
    let mut all_places = Vec::with_capacity(files.len());
    let mut resolved = Vec::new();
    let mut leftovers = Vec::new();
    for ((file, observed), local) in set.files.iter().zip(files).zip(&names) {
        warnings.extend(damage(file, &observed));
        interfaces.push((observed.packets, observed.interfaces));
        resolved.extend(observed.names);
        let places: Vec<PointId> = local.iter().filter_map(|n| index.get(n).copied()).collect();
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
        all_places.push(places);
    }
    let mut points: Vec<SetPoint> = by_name.into_values().filter_map(Joined::finish).collect();
    SetContents {
        joined: settle_fragments(leftovers, &mut points),
        points,
        contents,
        interfaces,
        names: resolved,
        warnings,
        places: all_places,
    }
}

/// Joins datagrams whose fragments lie in several files, and counts what stays incomplete.
fn settle_fragments(leftovers: Vec<Leftover>, points: &mut [SetPoint]) -> Vec<Observation> {
    let joined = join_leftovers(leftovers);
    for (point, trouble) in joined.trouble {
        if let Some(point) = points.get_mut(point.index()) {
            point.fragments.incomplete += trouble.incomplete;
            point.fragments.overlapping += trouble.overlapping;
        }
    }
    joined.datagrams
}

/// A file's damage as sentences.
fn damage(file: &CaptureFile, observed: &FileContents) -> Vec<Message> {
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
fn window_of_all(observed: &FileContents, point: &ObservedPoint) -> Option<(Timestamp, Timestamp)> {
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
    observed: &'a FileContents,
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
