# The first node sends to an address that the second one no longer has: nobody has it.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="alpha beta"
    LAB_NODE_ADDRESSES="172.16.8.21 172.16.8.34"
    LAB_CLUSTER_CIDR=10.52.0.0/16 LAB_POD_CIDRS="10.52.0.0/24 10.52.1.0/24"
    LAB_VNI=100
}
failing_plan() { reference_plan; }

failing_setup() {
    bridge -n "${LAB_PREFIX}alpha" fdb replace "$(vtep_mac beta)" dev "$LAB_TUNNEL" dst 172.16.8.77
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
