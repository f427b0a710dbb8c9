# Healthy both times; the second time the second node's clock is 2 h 13 min 7.3 s ahead.
# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults

# Namespaces share one clock, so the recording is shifted afterwards.
failing_derive() {
    python3 "$LAB_DIR/shift_clock.py" 7987.3 "$LAB_OUT/${lab_nodes[1]}"/*.pcap
}
