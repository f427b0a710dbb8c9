# Healthy both times: DirectRouting with other node names, addresses, pod networks and interfaces.
# shellcheck shell=bash disable=SC2034

reference_plan() {
    LAB_MODE=direct
    LAB_NODES="oslo bergen"
    LAB_NODE_ADDRESSES="172.22.9.31 172.22.9.32"
    LAB_CLUSTER_CIDR=10.180.0.0/16
    LAB_POD_CIDRS="10.180.6.0/24 10.180.7.0/24"
    LAB_VNI=12
    LAB_HTTP_BYTES=9000
}
failing_plan() { reference_plan; }
