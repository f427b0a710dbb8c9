# Healthy both times; traceroute and path MTU discovery from a pod, through a Service and masquerade.
# shellcheck shell=bash disable=SC2034,SC2154

server=198.51.100.33
service=10.96.5.5

reference_plan() {
    LAB_NODES="node-a node-b" LAB_NODE_ADDRESSES="10.9.8.2 10.9.8.3" LAB_OUTSIDE=10.9.8.1
    LAB_CLUSTER_CIDR=10.32.0.0/12 LAB_POD_CIDRS="10.32.0.0/16 10.40.0.0/16" LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

# The router's link to the server is narrower than what came before.
reference_setup() {
    add_outside_host
    add_far_host "$server" 1300
    add_kube_proxy
    add_service udp "$service" 90 "$(first_pod "${lab_nodes[1]}"):9000"
}
failing_setup() { reference_setup; }

# Each ICMP error quotes what its sender saw, and the way back translates the quote too.
reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" echo "$pod_b" 9000
    serve on_far - echo "$server" 9000
    serve on_far - http "$server" 80 3000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 3 0.1
    step traceroute client in_pod "$pod_a" probe "$server" 33434 1 2 3 4
    step traceroute-service client in_pod "$pod_a" probe "$service" 90 1 2 3 4
    step large-datagram client in_pod "$pod_a" persist "$server" 9000 1400
    step datagrams client in_pod "$pod_a" datagrams "$server" 9000 3
    step service client in_pod "$pod_a" datagrams "$service" 90 3
    step egress client in_pod "$pod_a" get "$server" 80 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }
