# Healthy both times; large pings and datagrams, which the first node fragments anew in the second set.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

# Connection tracking joins fragments; what leaves through the smaller device is cut elsewhere.
failing_setup() { ip -n "$LAB_PREFIX${lab_nodes[0]}" link set "$LAB_TUNNEL" mtu 1350; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 3 0.1
    step large-ping all_pings in_pod "$pod_a" "$pod_b" 1 0.2 -s 4000
    step large-ping-back all_pings in_pod "$pod_b" "$pod_a" 1 0.2 -s 2700
    step large-udp client in_pod "$pod_a" datagrams "$pod_b" 9000 2 2700
}
failing_traffic() { reference_traffic; }
