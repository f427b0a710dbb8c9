# A service's endpoint moves while a client sends on: from its old port it goes on to the old pod.
# shellcheck shell=bash disable=SC2034,SC2154

service=10.96.88.25

reference_plan() {
    LAB_NODES="node1 node2 node3" LAB_POD_COUNTS="1 2 1"
    LAB_NODE_ADDRESSES="10.20.30.1 10.20.30.2 10.20.30.3"
    LAB_CLUSTER_CIDR=10.244.0.0/16 LAB_POD_CIDRS="10.244.8.0/24 10.244.9.0/24 10.244.10.0/24"
}
failing_plan() { reference_plan; }

old() { first_pod node2; }
new() { first_pod node3; }

reference_setup() {
    add_kube_proxy
    add_service udp "$service" 8125 "$(old):8125"
}
failing_setup() { reference_setup; }

# The pod on node2 dies, kube-proxy points the service to the one on node3. Its veth stays, without
# carrier: tcpdump would end with it. node2 would know the pod's MAC for some time yet.
endpoint_moves() {
    local node
    in_pod "$(old)" ip link set eth0 down
    ip -n "${LAB_PREFIX}node2" neigh flush dev cni0
    for node in "${lab_nodes[@]}"; do forget_services "$node"; done
    add_service udp "$service" 8125 "$(new):8125"
}

# reference: the tracked connections are forgotten with the endpoint, as kube-proxy should.
reference_traffic() {
    endpoint_moves_and() {
        endpoint_moves
        flush_conntrack node1
    }
    metrics_while endpoint_moves_and
}
failing_traffic() { metrics_while endpoint_moves; }

metrics_while() {
    local client
    client=$(first_pod node1)
    serve in_pod "$(old)" echo "$(old)" 8125
    serve in_pod "$(new)" echo "$(new)" 8125
    step node-to-node all_pings on_node node1 "$(node_address node2)" 3 0.2
    step old-port nat_peer in_pod "$client" keep-port "$service" 8125 40111 4 0.5
    "$1"
    step old-port-again nat_peer in_pod "$client" keep-port "$service" 8125 40111 12 0.5
    step new-port nat_peer in_pod "$client" keep-port "$service" 8125 40222 4 0.5
    step old-port-at-last nat_peer in_pod "$client" keep-port "$service" 8125 40111 4 0.5
    step node-to-node-again all_pings on_node node1 "$(node_address node2)" 3 0.2
}

failing_broken="old-port-again old-port-at-last"
