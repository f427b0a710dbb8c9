# Between the nodes is a router that hides the first one's network and lets nothing new back in.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="lab-a lab-b"
    LAB_NODE_ADDRESSES="192.168.51.11 192.168.52.12"
    LAB_CLUSTER_CIDR=172.20.0.0/16 LAB_POD_CIDRS="172.20.3.0/24 172.20.4.0/24"
}
failing_plan() { reference_plan; }

# Reference: the same router, and it only routes.
reference_setup() {
    local node
    add_second_switch
    move_to_second_switch lab-b
    add_router br0=192.168.51.1/24 br1=192.168.52.1/24
    for node in "${lab_nodes[@]}"; do
        ip -n "$LAB_PREFIX$node" route add default via "$(address_plus "$(network_of "$node")" 1)"
    done
}

failing_setup() {
    reference_setup
    on_router - iptables -t nat -A POSTROUTING -o leg1 -j MASQUERADE
    on_router - iptables -A FORWARD -i leg1 -m conntrack --ctstate NEW -j DROP
}

network_of() { local address; address=$(node_address "$1") && echo "${address%.*}.0"; }

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
