# Healthy both times; the second time nobody captured flannel.1, on either node.
# shellcheck shell=bash disable=SC2034

failing_plan() { LAB_NOT_CAPTURED=flannel.1; }
