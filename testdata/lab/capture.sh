# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# Captures on every interface of every node. Sourced by lab.sh.

capture_pids=()
capture_logs=

# --immediate-mode: a packet of the last second is lost without it when tcpdump
# ends. -B: with it a ring of the usual size holds eight packets of whole length.
# No -p: people who look for a fault do not give it either.
capture_start() {
    local out=$1 node interface
    : "${LAB_TCPDUMP_OPTIONS:=--immediate-mode -U -B 16384}"
    : "${LAB_CAPTURE:=each}" # a file per interface, or any, or dumpcap
    : "${LAB_NOT_CAPTURED:=}" # interfaces left out
    capture_logs=$(mktemp -d)
    mkdir -p "$out"
    for node in "${lab_nodes[@]}"; do
        case $LAB_CAPTURE in
        each)
            mkdir -p "$out/$node"
            for interface in $(captured_interfaces "$node"); do
                start_tcpdump "$node" "$interface" "$out/$node/$interface.pcap"
            done
            ;;
        any) start_tcpdump "$node" any "$out/$node-any.pcap" ;;
        dumpcap) start_dumpcap "$node" "$out/$node.pcapng" ;;
        *) die "LAB_CAPTURE is each, any or dumpcap, not '$LAB_CAPTURE'" ;;
        esac
    done
    wait_for_listening
}

captured_interfaces() {
    node_interfaces "$1" | grep -vxF "$(tr ' ' '\n' <<<"${LAB_NOT_CAPTURED:--}")"
}

# ip execs the program, so the process id is the program's own.
start_tcpdump() {
    : >"$capture_logs/$1.$2" # wait_for_listening may look before the process has begun
    # shellcheck disable=SC2086  # options are several words
    ip netns exec "$LAB_PREFIX$1" tcpdump $LAB_TCPDUMP_OPTIONS -Z root -n -i "$2" -w "$3" \
        >"$capture_logs/$1.$2" 2>&1 &
    capture_pids+=($!)
}

# One file for all interfaces of a node, as Wireshark's own capture program writes it.
start_dumpcap() {
    command -v dumpcap >/dev/null || die "missing: dumpcap (package wireshark-common)"
    local interface options=()
    : >"$capture_logs/$1"
    for interface in $(captured_interfaces "$1"); do options+=(-i "$interface"); done
    ip netns exec "$LAB_PREFIX$1" dumpcap -q "${options[@]}" -w "$2" >"$capture_logs/$1" 2>&1 &
    capture_pids+=($!)
}

wait_for_listening() {
    local log tries=100
    for log in "$capture_logs"/*; do
        until grep -qE 'listening on|^File: ' "$log"; do
            ((tries-- > 0)) || die "a capture did not start: $(cat "$log")"
            sleep 0.1
        done
    done
}

# A packet the kernel dropped would later look like one the network lost.
capture_stop() {
    local pid log dropped
    for pid in "${capture_pids[@]}"; do kill -TERM "$pid"; done
    for pid in "${capture_pids[@]}"; do wait "$pid" || true; done
    capture_pids=()
    for log in "$capture_logs"/*; do
        dropped=$(sed -nE -e 's/^([0-9]+) packets? dropped by .*/\1/p' \
            -e 's|^Packets received/dropped on interface .*: [0-9]+/([0-9]+) .*|\1|p' "$log")
        [[ -n $dropped ]] || die "nothing said of drops: $(cat "$log")"
        if grep -qvx 0 <<<"$dropped"; then die "packets were dropped: $(cat "$log")"; fi
    done
    rm -rf "$capture_logs"
    chmod -R u=rwX,go=rX "$1" # dumpcap's files are for their owner alone
    check_sizes "$1"
}

check_sizes() {
    local big
    : "${LAB_MAX_FILE_KIB:=60}"
    big=$(find "$1" -name '*.pcap*' -size "+${LAB_MAX_FILE_KIB}k")
    [[ -z $big ]] || die "more than $LAB_MAX_FILE_KIB KiB: $big"
}

capture_kill() {
    local pid
    for pid in ${capture_pids[@]+"${capture_pids[@]}"}; do kill -TERM "$pid" 2>/dev/null || true; done
    capture_pids=()
    if [[ -n $capture_logs ]]; then rm -rf "$capture_logs"; fi
}
