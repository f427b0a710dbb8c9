# Healthy VXLAN against healthy DirectRouting: another path, no fault.
# shellcheck shell=bash disable=SC2034

failing_plan() { LAB_MODE=direct; }
