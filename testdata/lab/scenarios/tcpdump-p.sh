# Healthy both times; the second time tcpdump ran with -p: not promiscuous.
# shellcheck shell=bash disable=SC2034

# Without promiscuous mode a bridge's own device sees what is for the bridge itself and not what
# it carries from port to port.
failing_plan() { LAB_TCPDUMP_OPTIONS="--immediate-mode -U -B 16384 -p"; }
