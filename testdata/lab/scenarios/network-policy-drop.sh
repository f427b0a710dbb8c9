# Calico's links; a policy on the second node drops one port of a pod, all else of it works.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=../calico.sh
source "$LAB_DIR/calico.sh"

reference_plan() {
    calico_plan
    LAB_OUTSIDE=192.168.60.1
    LAB_NODES="k8s-a k8s-b"
    LAB_NODE_ADDRESSES="192.168.60.4 192.168.60.5"
    LAB_CLUSTER_CIDR=172.20.0.0/16
    LAB_POD_CIDRS="172.20.11.64/26 172.20.140.128/26"
}
failing_plan() { reference_plan; }

reference_setup() { add_outside_host && route_pods; }
failing_setup() {
    add_outside_host
    route_pods
    on_node "${lab_nodes[1]}" iptables -I FORWARD 1 -d "$(first_pod "${lab_nodes[1]}")" \
        -p tcp --dport 9090 -m conntrack --ctstate NEW -j DROP
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" http "$pod_b" 9090 3000
    serve in_pod "$neighbor" http "$neighbor" 9090 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 3 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step metrics client in_pod "$pod_a" get "$pod_b" 9090 2.5
    step neighbor-metrics client in_pod "$pod_a" get "$neighbor" 9090 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 3
    step metrics-again client in_pod "$pod_a" get "$pod_b" 9090 2.5
    step http-again client in_pod "$pod_a" get "$pod_b" 8080 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="metrics metrics-again"
