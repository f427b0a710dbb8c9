# The first node's FDB leads to the third node what is for the second one's VTEP.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_NODES="k8s-a k8s-b k8s-c" LAB_POD_COUNTS="1 1 1"; }
failing_plan() { reference_plan; }

failing_setup() {
    bridge -n "${LAB_PREFIX}k8s-a" fdb replace "$(vtep_mac k8s-b)" dev "$LAB_TUNNEL" \
        dst "$(node_address k8s-c)"
}

reference_traffic() { mesh_traffic; }
failing_traffic() { mesh_traffic; }

failing_broken="k8s-a-k8s-b-ping k8s-a-k8s-b-http k8s-a-k8s-b-udp
k8s-b-k8s-a-ping k8s-b-k8s-a-http k8s-b-k8s-a-udp"
