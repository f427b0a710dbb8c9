# shellcheck shell=bash
# The cluster: a switch, nodes and pods, each a network namespace.
#
#   pod eth0 -- veth… cni0 flannel.1 eth0 -- switch -- eth0 flannel.1 cni0 veth… -- pod eth0
#
# Sourced by lab.sh. A scenario's hooks may use on_node, in_pod, on_switch and the
# lookups below; what they change lives in namespaces and disappears with them.

# Every variable may be set from outside or in a scenario's plan.
topology_defaults() {
    : "${LAB_PREFIX:=nd-}"                    # of every namespace's name
    : "${LAB_NODES:=master node}"             # one to three
    : "${LAB_NODE_ADDRESSES:=10.33.188.138 10.33.188.142 10.33.188.143}"
    : "${LAB_UNDERLAY_PREFIX:=24}"
    : "${LAB_CLUSTER_CIDR:=10.244.0.0/16}"
    : "${LAB_POD_CIDRS:=10.244.0.0/24 10.244.1.0/24 10.244.2.0/24}"
    : "${LAB_POD_COUNTS:=1 2 1}"
    : "${LAB_PODS:=}"                         # node:address …; made from the above when empty
    : "${LAB_VETH_SEED:=}"                    # another seed, other veth names
    : "${LAB_VTEP_MACS:=}"
    : "${LAB_VNI:=1}"
    : "${LAB_PORT:=8472}"
    : "${LAB_TUNNEL_OPTIONS:=}"               # more words for 'ip link add … type vxlan'
    : "${LAB_MODE:=vxlan}"                    # vxlan, or direct for DirectRouting
    : "${LAB_UNDERLAY_MTU:=1500}"
    : "${LAB_POD_MTU:=$((LAB_UNDERLAY_MTU - 50))}"
    : "${LAB_SETTLE:=2}"                      # seconds from the cluster's start to tcpdump's
    : "${LAB_LEAD:=1}"                        # … to the traffic
    : "${LAB_TAIL:=2}"                        # … from the traffic to tcpdump's end
    : "${LAB_TUNNEL:=flannel.$LAB_VNI}"       # flannel names its device after the VNI
    : "${LAB_TUNNEL_OPTIONS:=nolearning}"     # of the VXLAN device
    read -ra lab_nodes <<<"$LAB_NODES"
    read -ra lab_addresses <<<"$LAB_NODE_ADDRESSES"
    read -ra lab_cidrs <<<"$LAB_POD_CIDRS"
    if [[ -z $LAB_PODS ]]; then LAB_PODS=$(default_pods); fi
}

# The first node's pods start at .4, the next one's at .5, and so on.
default_pods() {
    local counts i k pods=()
    read -ra counts <<<"$LAB_POD_COUNTS"
    for i in "${!lab_nodes[@]}"; do
        for ((k = 0; k < ${counts[i]:-1}; k++)); do
            pods+=("${lab_nodes[i]}:$(address_plus "${lab_cidrs[i]%/*}" $((4 + i + k)))")
        done
    done
    echo "${pods[*]}"
}

# --- lookups ---------------------------------------------------------------

address_plus() {
    local IFS=. a b c d n
    read -r a b c d <<<"$1"
    n=$(((a << 24) + (b << 16) + (c << 8) + d + $2))
    echo "$((n >> 24 & 255)).$((n >> 16 & 255)).$((n >> 8 & 255)).$((n & 255))"
}

address_hex() {
    local IFS=. bytes
    read -ra bytes <<<"$1"
    printf '%02x:%02x:%02x:%02x' "${bytes[@]}"
}

node_index() {
    local i
    for i in "${!lab_nodes[@]}"; do
        if [[ ${lab_nodes[i]} == "$1" ]]; then
            echo "$i"
            return
        fi
    done
    die "no node '$1' among: $LAB_NODES"
}

node_address() { echo "${lab_addresses[$(node_index "$1")]}"; }
node_cidr() { echo "${lab_cidrs[$(node_index "$1")]}"; }
vtep_address() { local cidr; cidr=$(node_cidr "$1") && echo "${cidr%/*}"; }
gateway_address() { address_plus "$(vtep_address "$1")" 1; }
switch_port() { echo "port$(($(node_index "$1") + 1))"; }

vtep_mac() {
    local macs
    read -ra macs <<<"$LAB_VTEP_MACS"
    echo "${macs[$(node_index "$1")]:-0e:f1:$(address_hex "$(vtep_address "$1")")}"
}

eth0_mac() { local hex; hex=$(address_hex "$(node_address "$1")") && echo "52:54:00:${hex#*:}"; }
pod_mac() { echo "0a:58:$(address_hex "$1")"; } # as the CNI bridge plugin did

pods_of() {
    local pod
    for pod in $LAB_PODS; do
        if [[ ${pod%%:*} == "$1" ]]; then echo "${pod#*:}"; fi
    done
}

# "veth" and eight hexadecimal digits, as a container runtime names it; the
# same pod gets the same name in every recording with the same seed.
veth_name() {
    printf 'veth%08x' "$(printf '%s' "$LAB_VETH_SEED$1" | cksum | cut -d' ' -f1)"
}

node_interfaces() {
    ip -n "$LAB_PREFIX$1" -o link show | sed -E 's/^[0-9]+: ([^:@]+).*/\1/' | grep -vx lo
}

on_node() { local node=$1 && shift && ip netns exec "$LAB_PREFIX$node" "$@"; }
in_pod() { local pod=$1 && shift && ip netns exec "${LAB_PREFIX}pod-$pod" "$@"; }
on_switch() { ip netns exec "${LAB_PREFIX}switch" "$@"; }

# Real segments with real checksums on the wire: a switch cannot look into what a veth leaves
# for hardware to finish. `offload_off tx` gives up checksum offload too, of nodes and pods.
offload_off() {
    local node pod
    for node in "${lab_nodes[@]}"; do
        on_node "$node" ethtool -K eth0 tso off gso off gro off \
            tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off
        if [[ ${1:-} == tx ]]; then on_node "$node" ethtool -K eth0 tx off >/dev/null; fi
    done
    if [[ ${1:-} == tx ]]; then
        for pod in $LAB_PODS; do in_pod "${pod#*:}" ethtool -K eth0 tx off >/dev/null; done
    fi
}

# Rules of the bridge family on the switch's way from port to port.
switch_rules() {
    on_switch nft -f - <<RULES
table bridge lab {
    chain underlay {
        type filter hook forward priority 0; policy accept;
        $1
    }
}
RULES
}

# --- build -----------------------------------------------------------------

topology_refuse_leftovers() {
    if ip netns list | grep -q "^$LAB_PREFIX"; then
        die "namespaces named $LAB_PREFIX… exist: another recording runs, or run 'lab.sh clean'"
    fi
}

topology_build() {
    local node peer pod
    modprobe br_netfilter 2>/dev/null || true # built in, or not to be had
    add_switch
    for node in "${lab_nodes[@]}"; do add_node "$node"; done
    for node in "${lab_nodes[@]}"; do
        for peer in "${lab_nodes[@]}"; do
            if [[ $node != "$peer" ]]; then add_peer "$node" "$peer"; fi
        done
        for pod in $(pods_of "$node"); do add_pod "$node" "$pod"; done
    done
    for pod in $LAB_PODS; do node_index "${pod%%:*}" >/dev/null; done
}

add_namespace() {
    ip netns add "$1"
    # No IPv6: router solicitations and neighbour discovery would only be noise.
    ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
        net.ipv6.conf.default.disable_ipv6=1
    ip -n "$1" link set lo up
}

add_switch() {
    local ns=${LAB_PREFIX}switch
    add_namespace "$ns"
    ip -n "$ns" link add br0 type bridge mcast_snooping 0
    ip -n "$ns" link set br0 mtu "$LAB_UNDERLAY_MTU" up
    # A switch does not look into IP.
    on_switch sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
}

add_node() {
    local node=$1 ns=$LAB_PREFIX$1 port
    port=$(switch_port "$node")
    add_namespace "$ns"
    on_node "$node" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.default.rp_filter=0
    on_node "$node" sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null ||
        say "no br_netfilter: iptables on $node does not see bridged packets"
    ip link add eth0 netns "$ns" mtu "$LAB_UNDERLAY_MTU" address "$(eth0_mac "$node")" \
        type veth peer name "$port" netns "${LAB_PREFIX}switch" mtu "$LAB_UNDERLAY_MTU"
    ip -n "${LAB_PREFIX}switch" link set "$port" master br0 up
    ip -n "$ns" address add "$(node_address "$node")/$LAB_UNDERLAY_PREFIX" dev eth0
    ip -n "$ns" link set eth0 up
    add_tunnel "$node"
    ip -n "$ns" link add cni0 address "$(pod_mac "$(gateway_address "$node")")" \
        mtu "$LAB_POD_MTU" type bridge
    ip -n "$ns" address add "$(gateway_address "$node")/$(prefix_length "$(node_cidr "$node")")" \
        brd + dev cni0
    ip -n "$ns" link set cni0 up
    add_flannel_rules "$node"
}

# add_tunnel NODE [ADDRESS [DEVICE]]: its own address and eth0, unless others are given
add_tunnel() {
    local node=$1 ns=$LAB_PREFIX$1 address=${2:-$(node_address "$1")} device=${3:-eth0}
    # shellcheck disable=SC2086  # options are several words
    ip -n "$ns" link add "$LAB_TUNNEL" address "$(vtep_mac "$node")" mtu "$LAB_POD_MTU" type vxlan \
        id "$LAB_VNI" dev "$device" local "$address" dstport "$LAB_PORT" $LAB_TUNNEL_OPTIONS
    ip -n "$ns" address add "$(vtep_address "$node")/32" dev "$LAB_TUNNEL"
    ip -n "$ns" link set "$LAB_TUNNEL" up
}

prefix_length() { echo "${1#*/}"; }

# flannel's own rules, in its order (pkg/trafficmngr/iptables in flannel-io/flannel).
add_flannel_rules() {
    local node=$1 cluster=$LAB_CLUSTER_CIDR own
    own=$(node_cidr "$node")
    on_node "$node" iptables-restore --noflush <<RULES
*nat
:FLANNEL-POSTRTG - [0:0]
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s $own -d $cluster -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s $cluster -d $own -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s $cluster -d $own -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s $cluster ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s $cluster -d $cluster -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
COMMIT
*filter
:FLANNEL-FWD - [0:0]
-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A FLANNEL-FWD -s $cluster -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d $cluster -m comment --comment "flanneld forward" -j ACCEPT
COMMIT
RULES
}

# What flannel does for another node's lease. add_peer NODE PEER [ADDRESS OF PEER]
add_peer() {
    local node=$1 peer=$2 ns=$LAB_PREFIX$1 address=${3:-$(node_address "$2")}
    case $LAB_MODE in
    vxlan)
        ip -n "$ns" neigh replace "$(vtep_address "$peer")" lladdr "$(vtep_mac "$peer")" \
            dev "$LAB_TUNNEL" nud permanent
        bridge -n "$ns" fdb append "$(vtep_mac "$peer")" dev "$LAB_TUNNEL" dst "$address"
        ip -n "$ns" route replace "$(node_cidr "$peer")" via "$(vtep_address "$peer")" \
            dev "$LAB_TUNNEL" onlink
        ;;
    direct)
        ip -n "$ns" route replace "$(node_cidr "$peer")" via "$address" dev eth0
        ;;
    *) die "LAB_MODE is vxlan or direct, not '$LAB_MODE'" ;;
    esac
}

add_pod() {
    local node=$1 pod=$2 ns=${LAB_PREFIX}pod-$2 host_side
    host_side=$(veth_name "$pod")
    add_namespace "$ns"
    ip link add eth0 netns "$ns" mtu "$LAB_POD_MTU" address "$(pod_mac "$pod")" \
        type veth peer name "$host_side" netns "$LAB_PREFIX$node" mtu "$LAB_POD_MTU"
    ip -n "$LAB_PREFIX$node" link set "$host_side" master cni0 up
    bridge -n "$LAB_PREFIX$node" link set dev "$host_side" hairpin on # flannel's CNI default
    ip -n "$ns" address add "$pod/$(prefix_length "$(node_cidr "$node")")" brd + dev eth0
    ip -n "$ns" link set eth0 up
    ip -n "$ns" route add default via "$(gateway_address "$node")"
    ip -n "$ns" route add "$LAB_CLUSTER_CIDR" via "$(gateway_address "$node")"
}

# --- tear down -------------------------------------------------------------

# Ends what still runs inside the lab's namespaces, and only that.
topology_tear_down() {
    local ns pid
    for ns in $(ip netns list | cut -d' ' -f1 | grep "^$LAB_PREFIX" || true); do
        for pid in $(ip netns pids "$ns"); do kill "$pid" 2>/dev/null || true; done
        ip netns delete "$ns"
    done
}
