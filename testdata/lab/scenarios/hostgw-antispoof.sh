# DirectRouting, and the underlay drops packets that come from no node's address.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_MODE=direct LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

failing_setup() {
    local addresses=${lab_addresses[*]}
    switch_rules "ip saddr != { ${addresses// /, } } counter drop"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"
