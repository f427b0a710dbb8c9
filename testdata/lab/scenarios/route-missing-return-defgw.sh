# As route-missing-return, and the nodes have a default route: the answers leave plain, for the gateway.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=route-missing-return.sh
source "$LAB_DIR/scenarios/route-missing-return.sh"

reference_plan() {
    LAB_NODES="n1 n2 n3"
    LAB_NODE_ADDRESSES="192.168.8.31 192.168.8.32 192.168.8.33"
    LAB_OUTSIDE=192.168.8.254
    LAB_POD_COUNTS="1 1 1"
}

reference_setup() { add_outside_host; }
failing_setup() {
    add_outside_host
    ip -n "$LAB_PREFIX${lab_nodes[1]}" route delete "$(node_cidr "${lab_nodes[0]}")"
}
