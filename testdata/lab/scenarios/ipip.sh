# Healthy both times; IP-in-IP instead of VXLAN, by a program behind tunl0.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=geneve.sh
source "$LAB_DIR/scenarios/geneve.sh"

reference_setup() { replace_tunnels ipip; }
