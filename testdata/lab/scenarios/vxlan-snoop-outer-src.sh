# VXLAN devices that learn: the first node sends from its second address, the other one drops that.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="sw-1 sw-2"
    LAB_NODE_ADDRESSES="10.33.7.5 10.33.7.6"
    LAB_CLUSTER_CIDR=10.0.0.0/20 LAB_POD_CIDRS="10.0.1.0/24 10.0.2.0/24"
    LAB_VNI=4097 LAB_PORT=4789 LAB_TUNNEL=vxlan0 LAB_TUNNEL_OPTIONS=learning
}
failing_plan() { reference_plan; }

# The kernel does not move a permanent FDB entry to another address; it drops what contradicts it.
failing_setup() {
    ip -n "${LAB_PREFIX}sw-1" address add 10.33.7.105/24 dev eth0
    ip -n "${LAB_PREFIX}sw-1" link delete "$LAB_TUNNEL"
    add_tunnel sw-1 10.33.7.105
    add_peer sw-1 sw-2
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
