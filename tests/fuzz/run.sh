#!/bin/bash
# Fuzzes every decoder and parser: tests/fuzz/run.sh [SECONDS_EACH (default 15)] [NAME...]
# Each tests/fuzz/NAME.cpp but make_corpus is a libFuzzer target, seeded with what make_corpus writes and with what
# earlier runs found. For a long run give an hour or more each. Inputs that fail are left in build/fuzz/failures/.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${1:-15}
shift || true

cd "$root"
if [ ! -e build/fuzz/build.ninja ]; then
    cmake --preset fuzz
fi
cmake --build --preset fuzz --target fuzzers
build/fuzz/tests/fuzz_make_corpus build/fuzz/seeds
mkdir -p build/fuzz/failures
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for program in build/fuzz/tests/fuzz_*; do
        name=${program##*/fuzz_}
        if [ -x "$program" ] && [ "$name" != make_corpus ]; then
            names+=("$name")
        fi
    done
fi
failed=()
for name in "${names[@]}"; do
    found=build/fuzz/corpus/$name
    mkdir -p "$found"
    echo "fuzzing $name for $seconds s"
    if ! build/fuzz/tests/fuzz_"$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="build/fuzz/failures/$name-" \
        "$found" "build/fuzz/seeds/$name"; then
        failed+=("$name")
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}; the inputs are in build/fuzz/failures/" >&2
    exit 1
fi
