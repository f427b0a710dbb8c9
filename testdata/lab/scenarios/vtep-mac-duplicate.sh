# Both nodes' flannel.1 have the same MAC, as cloned machines get it.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="clone-1 clone-2"
    LAB_NODE_ADDRESSES="10.20.30.41 10.20.30.42"
}
failing_plan() {
    reference_plan
    LAB_VTEP_MACS="5e:c1:77:0a:4b:d3 5e:c1:77:0a:4b:d3"
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
