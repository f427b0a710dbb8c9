# What carries VXLAN between the nodes forgets that checksums inside were still to be filled in.
# shellcheck shell=bash disable=SC2034,SC2154

# Outer checksums are 0, as many VXLAN devices have them: nothing but the inner ones can be wrong.
reference_plan() {
    LAB_NODES="edge-1 edge-2"
    LAB_NODE_ADDRESSES="172.31.5.10 172.31.5.11"
    LAB_TUNNEL_OPTIONS="nolearning noudpcsum"
}
failing_plan() { reference_plan; }

reference_setup() { offload_off; }

failing_setup() {
    reference_setup
    carry_in_user_space "$LAB_PORT"
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="http udp"
