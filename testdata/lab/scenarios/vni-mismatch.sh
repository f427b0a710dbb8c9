# The second node's VXLAN device has VNI 4096, the first one's has 1.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

# As when one node read another network configuration: the device is named after its VNI.
failing_setup() {
    local node=${lab_nodes[1]} peer=${lab_nodes[0]} LAB_VNI=4096 LAB_TUNNEL=flannel.4096
    ip -n "$LAB_PREFIX$node" link delete flannel.1
    add_tunnel "$node"
    add_peer "$node" "$peer"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
