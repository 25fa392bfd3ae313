#!/bin/bash
# Fuzzes every decoder: tests/fuzz/run.sh [SECONDS_EACH (default 600)] [NAME...]
# Each tests/fuzz/NAME.cpp is a libFuzzer target, seeded with tests/fuzz/corpus/NAME/ where that exists. Inputs that fail
# are left in build/fuzz/failures/.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${1:-600}
shift || true

cd "$root"
cmake --preset fuzz
cmake --build --preset fuzz --target fuzzers
mkdir -p build/fuzz/failures
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for source in tests/fuzz/*.cpp; do
        [ -e "$source" ] && names+=("$(basename "$source" .cpp)")
    done
fi
failed=0
for name in "${names[@]}"; do
    found=build/fuzz/corpus/$name
    mkdir -p "$found"
    seeds=()
    [ -d "tests/fuzz/corpus/$name" ] && seeds=("tests/fuzz/corpus/$name")
    echo "fuzzing $name for $seconds s"
    if ! build/fuzz/tests/fuzz_"$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -verbosity=0 -artifact_prefix="build/fuzz/failures/$name-" "$found" "${seeds[@]}"; then
        echo "fuzz $name failed: see build/fuzz/failures/$name-*" >&2
        failed=1
    fi
done
exit $failed
