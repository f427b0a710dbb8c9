# The nodes have two cards, and their VXLAN devices are on the one whose network keeps them apart.
# shellcheck shell=bash disable=SC2034,SC2154

public_addresses="203.0.113.20 203.0.113.36"

reference_plan() {
    LAB_NODES="cp-1 worker-1"
    LAB_NODE_ADDRESSES="10.0.0.11 10.0.0.12"
    LAB_CLUSTER_CIDR=10.42.0.0/16 LAB_POD_CIDRS="10.42.0.0/24 10.42.1.0/24"
}
failing_plan() { reference_plan; }

# A provider's public network: each node has a subnet and a gateway, which passes SSH, HTTPS and pings.
reference_setup() {
    local node
    add_second_switch
    add_router br1=203.0.113.17/28 br1=203.0.113.33/28
    on_router - iptables -P FORWARD DROP
    on_router - iptables -A FORWARD -p icmp -j ACCEPT
    on_router - iptables -A FORWARD -p tcp -m multiport --dports 22,443 -j ACCEPT
    add_second_card cp-1 203.0.113.20/28
    add_second_card worker-1 203.0.113.36/28
    ip -n "${LAB_PREFIX}cp-1" route add default via 203.0.113.17
    ip -n "${LAB_PREFIX}worker-1" route add default via 203.0.113.33
}

# flannel takes the card of the default route unless it is told otherwise.
failing_setup() {
    reference_setup
    # shellcheck disable=SC2086  # one address a node
    move_tunnels eth1 $public_addresses
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
