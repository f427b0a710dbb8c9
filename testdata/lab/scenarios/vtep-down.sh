# The second node's VXLAN device is gone, and its route with it.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

failing_setup() { ip -n "$LAB_PREFIX${lab_nodes[1]}" link delete "$LAB_TUNNEL"; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
