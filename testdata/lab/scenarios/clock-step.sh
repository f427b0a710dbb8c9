# Healthy both times; the second time the second node's clock is set 3.2 s ahead on the way.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=capture-paused.sh
source "$LAB_DIR/scenarios/capture-paused.sh"

# Namespaces share one clock, so the recording is changed afterwards.
failing_derive() {
    python3 "$LAB_DIR/shift_clock.py" 3.2 --after 2.6 "$LAB_OUT/${lab_nodes[1]}"/*.pcap
}
