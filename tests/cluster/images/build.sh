#!/bin/bash
# Builds the lab's images as OCI archives into OUTDIR. usage: images/build.sh OUTDIR
# Needs go and Debian's busybox-static; no docker, no base image from outside.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUTDIR}; mkdir -p "$out"; out=$(cd "$out" && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
(cd "$here" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w' -o "$work/labprog" .)

b=$work/busybox
mkdir -p "$b"/{bin,etc,tmp,root,proc,sys,dev}; chmod 1777 "$b/tmp"
cp /bin/busybox "$b/bin/busybox"
for a in $(/bin/busybox --list); do [ "$a" = busybox ] || ln -s busybox "$b/bin/$a"; done
echo 'root:x:0:0:root:/root:/bin/sh' > "$b/etc/passwd"; echo 'root:x:0:' > "$b/etc/group"
"$here/mkimage.sh" "$out/busybox.tar" "$b" docker.io/library/busybox:1.36

# The same with GNU tools: head of busybox takes "500m" but not "500M", and Debian's
# busybox sh runs its own applets whatever PATH says. So dash and GNU head, tail and
# cat take their places, with the libraries that they name.
for a in sh head tail cat; do
	rm "$b/bin/$a"; cp -L "/bin/$a" "$b/bin/$a"
	ldd "/usr/bin/$a" | grep -o '/[^ ]*' | while read -r l; do
		mkdir -p "$b${l%/*}"; cp -L "$l" "$b$l"
	done
done
"$here/mkimage.sh" "$out/alpine.tar" "$b" docker.io/library/alpine:3.19

p=$work/pause; mkdir -p "$p"; cp "$work/labprog" "$p/pause"
"$here/mkimage.sh" "$out/pause.tar" "$p" registry.k8s.io/pause:3.10 /pause

d=$work/distroless; mkdir -p "$d/etc"; cp "$work/labprog" "$d/app"
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' > "$d/etc/passwd"
"$here/mkimage.sh" "$out/distroless.tar" "$d" docker.io/library/distroless-server:1.0 /app serve

s=$work/decoder; mkdir -p "$s"; cp "$work/labprog" "$s/decoder"
"$here/mkimage.sh" "$out/decoder.tar" "$s" docker.io/library/decoder:2.1 /decoder segv
