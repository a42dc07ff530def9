#!/bin/sh
# Becomes a node: run in new mount, network and UTS namespaces, it lays the node's own folders over the machine's and
# then sleeps, so that the namespaces live. usage: node.sh NUMBER FOLDER BINDS
set -e
number=$1 folder=$2 binds=$3
hostname "worker-$number"
mount --make-rprivate /
for path in $binds; do mount --bind "$folder/$path" "/$path"; done
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/systemd/journal /run/log/journal /run/containerd
# With this file journald writes to /var/log/journal at once; without it, to /run until it is told.
: > /run/systemd/journal/flushed
mount --make-rshared /
ip link set lo up
: > "$folder/ready"
exec sleep infinity
