# Healthy both times; pods reach an outside host, masqueraded as their node: TCP, UDP and ping.
# shellcheck shell=bash disable=SC2034,SC2154

reference_setup() { add_outside_host; }
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve on_outside - http "$LAB_OUTSIDE" 80 3000
    serve on_outside - echo "$LAB_OUTSIDE" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step same-node all_pings in_pod "$pod_b" "$(pods_of "$b" | sed -n 2p)" 3 0.2
    step egress client in_pod "$pod_a" get "$LAB_OUTSIDE" 80 4
    step egress-udp client in_pod "$pod_a" datagrams "$LAB_OUTSIDE" 9000 5
    step egress-ping all_pings in_pod "$pod_a" "$LAB_OUTSIDE" 5 0.1
    step egress-ping-b all_pings in_pod "$pod_b" "$LAB_OUTSIDE" 3 0.1
}
failing_traffic() { reference_traffic; }
