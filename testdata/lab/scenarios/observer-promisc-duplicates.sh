# Healthy both times; same-node Service traffic, the second time captured on cni0 without -p: delivered twice.
# shellcheck shell=bash disable=SC2034,SC2154

service=172.30.0.15

reference_plan() {
    LAB_NODES="infra compute" LAB_NODE_ADDRESSES="10.0.0.4 10.0.0.5"
    LAB_CLUSTER_CIDR=10.128.0.0/14 LAB_POD_CIDRS="10.128.0.0/23 10.129.0.0/23" LAB_POD_COUNTS="1 3"
    LAB_TCPDUMP_OPTIONS="--immediate-mode -U -B 16384 -p"
}
failing_plan() { reference_plan && LAB_TCPDUMP_OPTIONS="--immediate-mode -U -B 16384"; }

reference_setup() {
    local pod
    pod=$(first_pod "${lab_nodes[1]}")
    add_kube_proxy
    add_service tcp "$service" 80 "$pod:8080"
    add_service udp "$service" 90 "$pod:9000"
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b second third
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    second=$(pods_of "$b" | sed -n 2p)
    third=$(pods_of "$b" | sed -n 3p)
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 3 0.1
    step service client in_pod "$second" get "$service" 80 4
    step service-udp client in_pod "$second" datagrams "$service" 90 5
    step service-again client in_pod "$third" get "$service" 80 4
    step same-node all_pings in_pod "$second" "$third" 3 0.1
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }
