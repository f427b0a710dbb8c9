# Healthy both times; what the second node sends to the first goes through a third one.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=asymmetric-path.sh
source "$LAB_DIR/scenarios/asymmetric-path.sh"

reference_plan() { LAB_NODES="master node worker" LAB_POD_COUNTS="1 1 1"; }
failing_plan() { reference_plan; }

reference_setup() {
    ip -n "$LAB_PREFIX${lab_nodes[1]}" route replace "$(node_cidr "${lab_nodes[0]}")" \
        via "$(vtep_address "${lab_nodes[2]}")" dev "$LAB_TUNNEL" onlink
    # flannel's last rules would masquerade what only passes through.
    on_node "${lab_nodes[2]}" iptables -t nat -I POSTROUTING 1 -s "$LAB_CLUSTER_CIDR" \
        -d "$LAB_CLUSTER_CIDR" -j RETURN
}
