# The first node's firewall rejects what its pods send through flannel.1; answers may pass.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="cp-0 wk-0"
    LAB_NODE_ADDRESSES="10.1.2.10 10.1.2.20"
    LAB_CLUSTER_CIDR=10.100.0.0/16
    LAB_POD_CIDRS="10.100.4.0/24 10.100.9.0/24"
}
failing_plan() { reference_plan; }

# firewalld with cni0 in a zone that may not forward.
failing_setup() {
    local node=${lab_nodes[0]}
    on_node "$node" iptables -I FORWARD 1 -i cni0 -o "$LAB_TUNNEL" \
        -j REJECT --reject-with icmp-admin-prohibited
    on_node "$node" iptables -I FORWARD 1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod large-ping http udp"
