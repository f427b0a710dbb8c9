#!/usr/bin/env bash
# Builds a small flannel cluster in network namespaces and records its packets.
# `lab.sh help` says how to use it; README.md beside this file says what it builds.
set -euo pipefail

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_DEFAULT_OUTDIR=$(cd "$LAB_DIR/.." && pwd)/scenarios

# shellcheck source=topology.sh
source "$LAB_DIR/topology.sh"
# shellcheck source=capture.sh
source "$LAB_DIR/capture.sh"
# shellcheck source=traffic.sh
source "$LAB_DIR/traffic.sh"
# shellcheck source=services.sh
source "$LAB_DIR/services.sh"
# shellcheck source=tunnels.sh
source "$LAB_DIR/tunnels.sh"
# shellcheck source=underlay.sh
source "$LAB_DIR/underlay.sh"
# shellcheck source=wire.sh
source "$LAB_DIR/wire.sh"

usage() {
    cat <<'USAGE'
usage: lab.sh list                        the scenarios, one a line
       lab.sh record SCENARIO [OUTDIR]    record one into OUTDIR/SCENARIO
       lab.sh record-all [OUTDIR]         record every scenario
       lab.sh check                       only look for the tools the lab needs
       lab.sh clean                       remove what an interrupted run left behind

OUTDIR is testdata/scenarios unless given. Everything but list and help needs root.
LAB_... variables change addresses, names and sizes: see README.md.
USAGE
}

die() {
    echo "lab: $*" >&2
    exit 1
}

say() { echo "lab: $*" >&2; }

# Names every missing tool with its Debian package, before anything is changed.
check_tools() {
    local missing=() pair
    for pair in ip:iproute2 bridge:iproute2 iptables:iptables nft:nftables tcpdump:tcpdump \
        ethtool:ethtool ping:iputils-ping python3:python3 sysctl:procps; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair%%:*} (package ${pair##*:})")
    done
    if ((${#missing[@]} > 0)); then
        printf 'lab: missing: %s\n' "${missing[@]}" >&2
        die "install with: apt-get install $(printf '%s\n' "${missing[@]}" |
            sed 's/.*package \(.*\))/\1/' | sort -u | tr '\n' ' ')"
    fi
}

need_root() { [[ $(id -u) == 0 ]] || die "this needs root (network namespaces)"; }

software_versions() {
    printf 'kernel %s, tcpdump %s (%s), iproute2 %s, iptables %s, nftables %s' \
        "$(uname -r | sed 's/[^0-9.].*//')" \
        "$(tcpdump --version 2>&1 | sed -n 's/^tcpdump version //p')" \
        "$(tcpdump --version 2>&1 | sed -n 's/^libpcap version \([0-9.]*\).*/libpcap \1/p')" \
        "$(ip -V | sed 's/.*iproute2-\([^,]*\).*/\1/')" \
        "$(iptables -V | sed 's/^iptables v//')" \
        "$(nft --version | sed 's/^nftables v\([0-9.]*\).*/\1/')"
}

load_scenario() {
    local file=$LAB_DIR/scenarios/$1.sh
    [[ -f $file ]] || die "no scenario '$1'; known ones: $(scenario_names | tr '\n' ' ')"
    # shellcheck source=/dev/null
    source "$file"
}

scenario_names() {
    local file
    for file in "$LAB_DIR"/scenarios/*.sh; do basename "$file" .sh; done
}

list_scenarios() {
    local name
    for name in $(scenario_names); do
        printf '%-34s %s\n' "$name" "$(sed -n '1s/^# *//p' "$LAB_DIR/scenarios/$name.sh")"
    done
}

call_if_defined() {
    if declare -F "$1" >/dev/null; then "$1"; fi
}

remove_everything() {
    capture_kill
    traffic_kill
    topology_tear_down
}

# One set (reference or failing) in a process of its own, so that what a
# scenario's plan changes is gone with it.
record_set() {
    local scenario=$1 set=$2 out=$3 broken
    load_scenario "$scenario"
    call_if_defined "${set}_plan"
    topology_defaults
    topology_refuse_leftovers
    trap remove_everything EXIT
    trap 'exit 130' INT TERM
    topology_build
    call_if_defined "${set}_setup"
    sleep "$LAB_SETTLE"
    capture_start "$out"
    sleep "$LAB_LEAD"
    if declare -F "${set}_traffic" >/dev/null; then "${set}_traffic"; else standard_traffic; fi
    sleep "$LAB_TAIL"
    capture_stop "$out"
    LAB_OUT=$out
    call_if_defined "${set}_check"
    broken=${set}_broken
    traffic_compare "${!broken:-}"
    call_if_defined "${set}_derive"
}

record() {
    local scenario=$1 outdir=$2 set sets work child=
    sets=$(load_scenario "$scenario" && echo "${LAB_SETS:-reference failing}")
    work=$(mktemp -d)
    # shellcheck disable=SC2064  # the directory of now
    trap "rm -rf '$work'" EXIT
    trap 'kill -TERM $child; wait $child || true; exit 130' INT TERM
    for set in $sets; do
        say "$scenario: recording $set"
        "$LAB_DIR/lab.sh" record-set "$scenario" "$set" "$work/$set" &
        child=$! # in the background: bash hears a signal while it waits, not while a child runs
        wait "$child" || die "$scenario: $set was not recorded; nothing in $outdir was changed"
    done
    trap - INT TERM
    mkdir -p "$outdir/$scenario"
    for set in "$work"/*; do
        rm -rf "${outdir:?}/$scenario/$(basename "$set")"
        cp -r "$set" "$outdir/$scenario/"
    done
    note_versions "$outdir/$scenario/scenario.toml"
    rm -rf "$work"
    trap - EXIT
    say "$scenario: $(du -sk --apparent-size "$outdir/$scenario" | cut -f1) KiB"
}

# The truth in scenario.toml is written by hand; only this line is the recorder's.
note_versions() {
    if [[ -f $1 ]]; then
        sed -i "s|^recorded_with = .*|recorded_with = \"$(software_versions)\"|" "$1"
    else
        say "write $1 by hand; recorded_with = \"$(software_versions)\""
    fi
}

record_all() {
    local name
    for name in $(scenario_names); do "$LAB_DIR/lab.sh" record "$name" "$1"; done
}

main() {
    case "${1:-help}" in
    list) list_scenarios ;;
    check) check_tools && software_versions && echo ;;
    record)
        [[ $# -ge 2 ]] || { usage >&2; exit 2; }
        need_root && check_tools && record "$2" "${3:-$LAB_DEFAULT_OUTDIR}"
        ;;
    record-all) need_root && check_tools && record_all "${2:-$LAB_DEFAULT_OUTDIR}" ;;
    record-set) # used by record
        [[ $# -eq 4 ]] || { usage >&2; exit 2; }
        need_root && record_set "$2" "$3" "$4"
        ;;
    clean)
        need_root
        topology_defaults
        topology_tear_down
        ;;
    help | -h | --help) usage ;;
    *) usage >&2; exit 2 ;;
    esac
}

main "$@"
