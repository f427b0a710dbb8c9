# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# The traffic of a recording, a little of each kind. Sourced by lab.sh.
# Every step is asked whether it worked; the answers are compared with what the
# scenario says must fail, so that a recording cannot quietly show something else.

traffic_pids=()
traffic_failed=()

standard_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    : "${LAB_HTTP_BYTES:=24000}" "${LAB_HTTP_TIMEOUT:=4}" "${LAB_LARGE_PINGS:=2}" \
        "${LAB_LARGE_PING_BYTES:=4000}"
    pod_a=$(pods_of "$a" | sed -n 1p)
    pod_b=$(pods_of "$b" | sed -n 1p)
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 "$LAB_HTTP_BYTES"
    serve in_pod "$pod_b" echo "$pod_b" 9000
    serve on_node "$b" http "$(node_address "$b")" 10250 200
    serve on_node "$a" http "$(node_address "$a")" 6443 200

    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$pod_a" "$(node_address "$b")" 3 0.2
    if [[ -n $neighbor ]]; then step same-node all_pings in_pod "$pod_b" "$neighbor" 3 0.2; fi
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 10 0.05
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.05
    step large-ping all_pings in_pod "$pod_a" "$pod_b" "$LAB_LARGE_PINGS" 0.2 \
        -s "$LAB_LARGE_PING_BYTES"
    step http client in_pod "$pod_a" get "$pod_b" 8080 "$LAB_HTTP_TIMEOUT"
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 5
    step node-tcp client on_node "$a" get "$(node_address "$b")" 10250 "$LAB_HTTP_TIMEOUT"
    step node-tcp-back client on_node "$b" get "$(node_address "$a")" 6443 "$LAB_HTTP_TIMEOUT"
    third_node_traffic "$pod_a"
}

# Less of it, for scenarios that are about the way alone. It ends where it began, between the
# nodes, so that both uplinks are known to have been captured all the time.
short_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$pod_a" "$(node_address "$b")" 3 0.2
    if [[ -n $neighbor ]]; then step same-node all_pings in_pod "$pod_b" "$neighbor" 3 0.2; fi
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 8 0.05
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.05
    step large-ping all_pings in_pod "$pod_a" "$pod_b" 1 0.2 -s 1900
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 5
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}

# Pods and nodes of every two nodes, a little each, where three nodes matter.
mesh_traffic() {
    local from to
    for to in "${lab_nodes[@]}"; do
        serve in_pod "$(first_pod "$to")" http "$(first_pod "$to")" 8080 1000
        serve in_pod "$(first_pod "$to")" echo "$(first_pod "$to")" 9000
    done
    for from in "${lab_nodes[@]}"; do
        for to in "${lab_nodes[@]}"; do
            if [[ $from != "$to" ]]; then mesh_steps "$from" "$to"; fi
        done
    done
    step node-to-node-again all_pings on_node "${lab_nodes[0]}" \
        "$(node_address "${lab_nodes[1]}")" 2 0.2
}

mesh_steps() {
    local from=$1 to=$2 pod_from pod_to
    pod_from=$(first_pod "$from")
    pod_to=$(first_pod "$to")
    step "$from-$to-node" all_pings on_node "$from" "$(node_address "$to")" 2 0.2
    step "$from-$to-ping" all_pings in_pod "$pod_from" "$pod_to" 4 0.05
    step "$from-$to-http" client in_pod "$pod_from" get "$pod_to" 8080 2.5
    step "$from-$to-udp" client in_pod "$pod_from" datagrams "$pod_to" 9000 2
}

third_node_traffic() {
    local pod_c
    if ((${#lab_nodes[@]} < 3)); then return; fi
    pod_c=$(pods_of "${lab_nodes[2]}" | sed -n 1p)
    step third-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[2]}")" 3 0.2
    step third-node-pod all_pings in_pod "$1" "$pod_c" 3 0.2
}

step() {
    local name=$1 && shift
    if "$@"; then
        say "  $name works"
    else
        say "  $name fails"
        traffic_failed+=("$name")
    fi
    sleep 0.1
}

# all_pings on_node|in_pod WHERE TARGET COUNT INTERVAL [PING OPTION…]
all_pings() {
    local place=$1 where=$2 target=$3 count=$4 interval=$5
    shift 5
    "$place" "$where" ping -n -q -W 1 -c "$count" -i "$interval" "$@" "$target" 2>&1 |
        grep -q ' 0% packet loss'
}

# client on_node|in_pod WHERE COMMAND…
client() {
    local place=$1 where=$2
    shift 2
    "$place" "$where" python3 "$LAB_DIR/peer.py" "$@"
}

# nat_peer on_node|in_pod WHERE COMMAND…: a client of nat_peer.py
nat_peer() {
    local place=$1 where=$2
    shift 2
    "$place" "$where" python3 "$LAB_DIR/nat_peer.py" "$@"
}

# serve on_node|in_pod WHERE COMMAND…: returns when the server listens
serve() { start_server peer.py "$@"; }
nat_serve() { start_server nat_peer.py "$@"; }

# start_server PROGRAM on_node|in_pod WHERE COMMAND…
start_server() {
    local program=$1 place=$2 where=$3 line log
    shift 3
    log=$(mktemp)
    "$place" "$where" python3 -u "$LAB_DIR/$program" "$@" >"$log" 2>&1 &
    traffic_pids+=($!)
    for _ in {1..100}; do
        if read -r line <"$log" && [[ $line == ready ]]; then
            rm -f "$log"
            return
        fi
        sleep 0.1
    done
    die "server '$*' did not start: $(cat "$log")"
}

traffic_compare() {
    local expected=$1 seen=${traffic_failed[*]-}
    if [[ $(tr ' ' '\n' <<<"$expected" | sort) != $(tr ' ' '\n' <<<"$seen" | sort) ]]; then
        die "expected to fail: '$expected'; failed: '$seen'"
    fi
}

traffic_kill() {
    local pid
    for pid in ${traffic_pids[@]+"${traffic_pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
    traffic_pids=()
}
