# Healthy both times; the second time the second node's eth0 was captured 2 s less long.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=capture-paused.sh
source "$LAB_DIR/scenarios/capture-paused.sh"

failing_derive() {
    python3 "$LAB_DIR/cut_capture.py" -2 end "$LAB_OUT/${lab_nodes[1]}/eth0.pcap"
}
