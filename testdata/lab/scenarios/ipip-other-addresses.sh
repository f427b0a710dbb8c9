# Healthy both times: IP-in-IP with other node names, addresses and pod networks.
# shellcheck shell=bash disable=SC2034

# shellcheck source=ipip.sh
source "$LAB_DIR/scenarios/ipip.sh"

reference_plan() {
    LAB_NODES="porto braga"
    LAB_NODE_ADDRESSES="172.27.40.61 172.27.40.62"
    LAB_CLUSTER_CIDR=10.170.0.0/16
    LAB_POD_CIDRS="10.170.1.0/24 10.170.2.0/24"
    LAB_VNI=5
}
failing_plan() { reference_plan; }
