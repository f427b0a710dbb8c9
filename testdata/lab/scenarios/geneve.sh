# Healthy both times; Geneve instead of VXLAN, by a program behind genev_sys_6081.
# shellcheck shell=bash disable=SC2034,SC2154

reference_setup() { replace_tunnels geneve; }
failing_setup() { reference_setup; }

reference_traffic() { short_traffic; }
failing_traffic() { reference_traffic; }
