#!/bin/sh
# Builds the benchmark images with the distribution's cross compiler (package gcc-arm-linux-gnueabihf) and writes the
# manifest; with --check it builds elsewhere and compares hashes with the committed manifest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here
if [ "${1:-}" = --check ]; then
    out=$(mktemp -d)
    trap 'rm -rf "$out"' EXIT
fi
common="-march=armv7-a -mfpu=neon -mfloat-abi=hard -O2 -ffreestanding -fno-pic -nostdlib -static \
    -fno-tree-loop-distribute-patterns -Wall -Wextra -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
    -ffile-prefix-map=$here=. -fno-ident"
cd "$here"
for image in integer:-mthumb memory:-marm branch:-mthumb neon:-marm startup:-marm; do
    name=${image%%:*}
    # shellcheck disable=SC2086
    arm-linux-gnueabihf-gcc $common "${image#*:}" -T bench.ld start.S "$name.c" -o "$out/$name.elf" -lgcc
    arm-linux-gnueabihf-strip "$out/$name.elf"
done
cd "$out"
sha256sum integer.elf memory.elf branch.elf neon.elf startup.elf > manifest.sha256
if [ "$out" != "$here" ]; then
    diff "$here/manifest.sha256" manifest.sha256 && echo "images are reproducible"
fi
