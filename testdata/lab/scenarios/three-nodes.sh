# Healthy both times; three nodes, traffic between the pods of every two.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="master node worker"
    LAB_POD_COUNTS="1 2 1"
    LAB_HTTP_BYTES=8000
}

failing_plan() { reference_plan; }

reference_traffic() {
    local from to name
    for to in "${lab_nodes[@]}"; do
        serve in_pod "$(first_pod "$to")" http "$(first_pod "$to")" 8080 "$LAB_HTTP_BYTES"
        serve in_pod "$(first_pod "$to")" echo "$(first_pod "$to")" 9000
    done
    step same-node all_pings in_pod "$(pods_of node | sed -n 1p)" "$(pods_of node | sed -n 2p)" 3 0.2
    for from in "${lab_nodes[@]}"; do
        for to in "${lab_nodes[@]}"; do
            if [[ $from == "$to" ]]; then continue; fi
            name=$from-to-$to
            step "$name-node" all_pings on_node "$from" "$(node_address "$to")" 2 0.2
            step "$name-pod-to-node" all_pings in_pod "$(first_pod "$from")" \
                "$(node_address "$to")" 2 0.2
            step "$name-ping" all_pings in_pod "$(first_pod "$from")" "$(first_pod "$to")" 5 0.05
            step "$name-http" client in_pod "$(first_pod "$from")" get "$(first_pod "$to")" 8080 4
            step "$name-udp" client in_pod "$(first_pod "$from")" datagrams \
                "$(first_pod "$to")" 9000 3
        done
    done
}

failing_traffic() { reference_traffic; }
