# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# tcpdump on every interface of every node. Sourced by lab.sh.

capture_pids=()
capture_logs=

# --immediate-mode: a packet of the last second is lost without it when tcpdump
# ends. No -p: people who look for a fault do not give it either.
capture_start() {
    local out=$1 node interface
    : "${LAB_TCPDUMP_OPTIONS:=--immediate-mode -U}"
    capture_logs=$(mktemp -d)
    for node in "${lab_nodes[@]}"; do
        mkdir -p "$out/$node"
        for interface in $(node_interfaces "$node"); do
            start_one "$node" "$interface" "$out/$node/$interface.pcap"
        done
    done
    wait_for_listening
}

# ip execs tcpdump, so the process id is tcpdump's own.
start_one() {
    # shellcheck disable=SC2086  # options are several words
    ip netns exec "$LAB_PREFIX$1" tcpdump $LAB_TCPDUMP_OPTIONS -Z root -n -i "$2" -w "$3" \
        >"$capture_logs/$1.$2" 2>&1 &
    capture_pids+=($!)
}

wait_for_listening() {
    local log tries=100
    for log in "$capture_logs"/*; do
        until grep -q 'listening on' "$log"; do
            ((tries-- > 0)) || die "tcpdump did not start: $(cat "$log")"
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
        dropped=$(sed -nE 's/^([0-9]+) packets? dropped by .*/\1/p' "$log")
        [[ -n $dropped ]] || die "tcpdump said nothing of drops: $(cat "$log")"
        if grep -qvx 0 <<<"$dropped"; then die "tcpdump dropped packets: $(cat "$log")"; fi
    done
    rm -rf "$capture_logs"
    check_sizes "$1"
}

check_sizes() {
    local big
    : "${LAB_MAX_FILE_KIB:=60}"
    big=$(find "$1" -name '*.pcap' -size "+${LAB_MAX_FILE_KIB}k")
    [[ -z $big ]] || die "more than $LAB_MAX_FILE_KIB KiB: $big"
}

capture_kill() {
    local pid
    for pid in ${capture_pids[@]+"${capture_pids[@]}"}; do kill -TERM "$pid" 2>/dev/null || true; done
    capture_pids=()
    if [[ -n $capture_logs ]]; then rm -rf "$capture_logs"; fi
}
