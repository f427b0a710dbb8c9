# Healthy both times: dual stack with other node names, addresses, pod networks, VNI and port.
# shellcheck shell=bash disable=SC2034

# shellcheck source=ipv6-only-broken.sh
source "$LAB_DIR/scenarios/ipv6-only-broken.sh"

reference_plan() {
    LAB_NODES="ares juno"
    LAB_NODE_ADDRESSES="172.29.0.3 172.29.0.4"
    LAB_CLUSTER_CIDR=10.160.0.0/16
    LAB_POD_CIDRS="10.160.4.0/24 10.160.5.0/24"
    LAB_NODES6=fd12:7:3:
    LAB_PODS6=fd5a:90:1
    LAB_VNI=6
    LAB_PORT=4789
    LAB_POD_MTU=1430
    LAB_HTTP_BYTES=4000
}
failing_plan() { reference_plan; }
failing_setup() { reference_setup; }
failing_broken=
