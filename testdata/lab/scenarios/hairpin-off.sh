# Bridge ports without hairpin mode: a pod does not reach itself through a service.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=hairpin.sh
source "$LAB_DIR/scenarios/hairpin.sh"

service=10.43.200.7
neighbor_service=10.43.200.8

reference_plan() {
    LAB_NODES="srv-a srv-b" LAB_POD_COUNTS="1 2"
    LAB_NODE_ADDRESSES="10.0.12.4 10.0.12.5"
    LAB_CLUSTER_CIDR=10.42.0.0/16 LAB_POD_CIDRS="10.42.4.0/24 10.42.5.0/24"
}
failing_plan() { reference_plan; }

failing_setup() {
    local pod
    reference_setup
    for pod in $(pods_of srv-b); do
        bridge -n "${LAB_PREFIX}srv-b" link set dev "$(veth_name "$pod")" hairpin off
    done
}

failing_broken="itself itself-udp"
