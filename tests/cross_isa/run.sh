#!/bin/bash
# Builds each tests/cross_isa/*.cpp for several instruction sets, runs them and compares what they print: every line must
# be the same everywhere. A set that this machine cannot execute is named and skipped.
# Needs g++, aarch64-linux-gnu-g++ and qemu-aarch64 (Debian: g++ g++-aarch64-linux-gnu qemu-user libxsimd-dev).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/cross_isa
rm -rf "$work"
mkdir -p "$work/include"

# The cross compiler must see xsimd, but no other header of this machine.
xsimd=$(pkg-config --variable=includedir xsimd)
ln -s "$xsimd/xsimd" "$work/include/xsimd"

runs_here() { # the features of /proc/cpuinfo that an instruction set needs
    local feature
    for feature in "$@"; do
        grep -qw "$feature" /proc/cpuinfo || return 1
    done
}

# name | features needed to run here | compiler and flags | emulator
targets=(
    "scalar||g++ -DFRUGAL_ARCH_SCALAR|"
    "sse2|sse2|g++ -march=x86-64|"
    "avx2|avx2 fma|g++ -march=haswell|"
    "avx512|avx512f avx512bw avx512cd avx512dq avx512vl|g++ -march=x86-64-v4|"
    "neon|-|aarch64-linux-gnu-g++ -static|qemu-aarch64"
)
# What a program is made of beside its own source.
declare -A parts=([decode_corpus]="tests/compositions.cpp")

status=0
names=() # of the targets that can be built and run
commands=() # compilations, to be run side by side
compile() { # compile COMPILER SOURCE OBJECT
    # Contraction stays at the compiler's default, since the results must not depend on it; GCC contracts at -O2, and with
    # these flags, which take less time.
    commands+=("$1 -std=c++20 -O1 -fexpensive-optimizations -I'$root/include' -I'$root/tests' \
        -isystem '$work/include' -isystem '$root/tests/tsan' -c '$2' -o '$3' || exit 255")
}
for target in "${targets[@]}"; do
    IFS='|' read -r name features compiler emulator <<<"$target"
    if [ "$features" != - ] && ! { [ "$(uname -m)" = x86_64 ] && runs_here $features; }; then
        echo "$name is skipped: this machine cannot execute it"
        continue
    fi
    if ! command -v ${compiler%% *} >/dev/null || { [ -n "$emulator" ] && ! command -v $emulator >/dev/null; }; then
        echo "$name needs ${compiler%% *} $emulator, which are not installed" >&2
        status=1
        continue
    fi
    names+=("$name|$compiler|$emulator")
    for source in "$root"/tests/cross_isa/*.cpp; do
        program=$(basename "$source" .cpp)
        for part in "$source" ${parts[$program]:+$(printf "$root/%s " ${parts[$program]})}; do
            compile "$compiler" "$part" "$work/$program-$(basename "$part" .cpp)-$name.o"
        done
    done
done
printf '%s\0' "${commands[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c '{}'

for source in "$root"/tests/cross_isa/*.cpp; do
    program=$(basename "$source" .cpp)
    reference=
    for target in "${names[@]}"; do
        IFS='|' read -r name compiler emulator <<<"$target"
        $compiler "$work/$program"-*-"$name.o" -pthread -o "$work/$program-$name"
        (cd "$root/tests/cross_isa" && $emulator "$work/$program-$name") >"$work/$program-$name.txt"
        if [ -z "$reference" ]; then
            reference=$name
            echo "$program: $(wc -l <"$work/$program-$name.txt") lines to compare"
        fi
        if cmp -s "$work/$program-$reference.txt" "$work/$program-$name.txt"; then
            echo "$program: $name agrees"
        else
            echo "$program: $name differs from $reference:" >&2
            diff "$work/$program-$reference.txt" "$work/$program-$name.txt" >&2 || true
            status=1
        fi
    done
done
exit $status
