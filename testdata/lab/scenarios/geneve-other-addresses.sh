# Healthy both times: Geneve with other node names, addresses, pod networks and VNI.
# shellcheck shell=bash disable=SC2034

# shellcheck source=geneve.sh
source "$LAB_DIR/scenarios/geneve.sh"

reference_plan() {
    LAB_NODES="lima quito"
    LAB_NODE_ADDRESSES="172.25.1.7 172.25.1.8"
    LAB_CLUSTER_CIDR=10.190.0.0/16
    LAB_POD_CIDRS="10.190.30.0/24 10.190.31.0/24"
    LAB_VNI=77
}
failing_plan() { reference_plan; }
