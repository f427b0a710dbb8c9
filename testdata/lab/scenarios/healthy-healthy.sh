# The same healthy VXLAN cluster, recorded twice.
# shellcheck shell=bash
