# The first of three nodes drops outgoing UDP 4789 in its own firewall and says nothing.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="cp n1 n2"
    LAB_NODE_ADDRESSES="10.7.0.10 10.7.0.11 10.7.0.12"
    LAB_CLUSTER_CIDR=10.96.128.0/17
    LAB_POD_CIDRS="10.96.128.0/24 10.96.129.0/24 10.96.130.0/24"
    LAB_POD_COUNTS="1 1 1" LAB_PORT=4789
}
failing_plan() { reference_plan; }

failing_setup() {
    on_node cp iptables -A OUTPUT -p udp --dport "$LAB_PORT" -j DROP
}

reference_traffic() { mesh_traffic; }
failing_traffic() { mesh_traffic; }

failing_broken="cp-n1-ping cp-n1-http cp-n1-udp cp-n2-ping cp-n2-http cp-n2-udp
n1-cp-ping n1-cp-http n1-cp-udp n2-cp-ping n2-cp-http n2-cp-udp"
