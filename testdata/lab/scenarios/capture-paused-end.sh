# Healthy both times; the second time the last point, a pod's veth, was not captured for 2.5 s.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=capture-paused.sh
source "$LAB_DIR/scenarios/capture-paused.sh"

failing_derive() {
    local pod
    pod=$(first_pod "${lab_nodes[1]}")
    python3 "$LAB_DIR/cut_capture.py" 1 3.5 "$LAB_OUT/${lab_nodes[1]}/$(veth_name "$pod").pcap"
}
