# Healthy both times; the second time one dumpcap with several -i for each node.
# shellcheck shell=bash disable=SC2034

# Every packet is in the one file once for each interface it passes: less traffic than usual.
reference_plan() { LAB_HTTP_BYTES=1000 LAB_LARGE_PINGS=1 LAB_LARGE_PING_BYTES=1600; }

failing_plan() { reference_plan && LAB_CAPTURE=dumpcap; }
