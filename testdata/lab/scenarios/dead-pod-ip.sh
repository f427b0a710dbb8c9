# A pod is gone and its address is still used; its neighbours on the node are well.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 3" LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

gone() { pods_of "${lab_nodes[1]}" | sed -n 1p; }
alive() { pods_of "${lab_nodes[1]}" | sed -n "$(($1 + 1))p"; }
client_pod() { pods_of "${lab_nodes[0]}" | sed -n 1p; }

failing_setup() { ip -n "$LAB_PREFIX${lab_nodes[1]}" link delete "$(veth_name "$(gone)")"; }

reference_traffic() {
    serve in_pod "$(gone)" http "$(gone)" 8080 "$LAB_HTTP_BYTES"
    serve in_pod "$(gone)" echo "$(gone)" 9000
    failing_traffic
}

failing_traffic() {
    serve in_pod "$(alive 1)" http "$(alive 1)" 8080 "$LAB_HTTP_BYTES"
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$(client_pod)" \
        "$(node_address "${lab_nodes[1]}")" 3 0.2
    step same-node all_pings in_pod "$(alive 1)" "$(alive 2)" 3 0.2
    step alive-ping all_pings in_pod "$(client_pod)" "$(alive 1)" 5 0.05
    step alive-back all_pings in_pod "$(alive 1)" "$(client_pod)" 5 0.05
    step alive-http client in_pod "$(client_pod)" get "$(alive 1)" 8080 4
    step pod-to-pod all_pings in_pod "$(client_pod)" "$(gone)" 10 0.05
    sleep 4 # the ICMP errors of the first ARP failure
    step http client in_pod "$(client_pod)" get "$(gone)" 8080 4
    step udp client in_pod "$(client_pod)" datagrams "$(gone)" 9000 5
}

failing_broken="pod-to-pod http udp"
