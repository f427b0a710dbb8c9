# The second node forwards nothing: net.ipv4.ip_forward is 0.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="edge-1 edge-2"
    LAB_NODE_ADDRESSES="172.16.9.11 172.16.9.12"
    LAB_CLUSTER_CIDR=10.42.0.0/16
    LAB_POD_CIDRS="10.42.0.0/24 10.42.1.0/24"
}
failing_plan() { reference_plan; }

failing_setup() { on_node "${lab_nodes[1]}" sysctl -qw net.ipv4.ip_forward=0; }

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
