#!/bin/bash
# Reports how long files take to compile that only include a header: tests/compile_time.sh [COMPILER...]
# The least processor time of five runs without optimisation, and its ratio to that of what others include anyway:
# xtensor, xsimd and TBB's parallel_for. A report, not a test: it depends on what else the machine does.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compilers=("$@")
[ ${#compilers[@]} -eq 0 ] && compilers=("${CXX:-g++}")
TIMEFORMAT=%U
others="xtensor/xtensor.hpp xsimd/xsimd.hpp oneapi/tbb/parallel_for.h"

declare -A base
printf '%-68s %-12s %8s %8s %10s\n' header compiler seconds ratio lines
for header in "$others" frugal/core.hpp frugal/concepts.hpp frugal/compress/scalar.hpp frugal/compress.hpp frugal/frugal.hpp \
    oneapi/tbb/parallel_for.h xsimd/xsimd.hpp; do
    printf '#include <%s>\n' $header >"$work/include.cpp"
    for compiler in "${compilers[@]}"; do
        compile=("$compiler" -std=c++20 -O0 -I"$root/include")
        if ! "${compile[@]}" -c -o /dev/null "$work/include.cpp" 2>"$work/errors"; then
            echo "$header does not compile with $compiler:" >&2
            cat "$work/errors" >&2
            exit 1
        fi
        best=
        for _ in 1 2 3 4 5; do
            seconds=$({ time "${compile[@]}" -c -o /dev/null "$work/include.cpp" >/dev/null 2>&1; } 2>&1)
            if [ -z "$best" ] || [ "$(printf '%s\n' "$seconds" "$best" | sort -g | head -1)" = "$seconds" ]; then
                best=$seconds
            fi
        done
        base[$compiler]=${base[$compiler]:-$best}
        lines=$("${compile[@]}" -E "$work/include.cpp" | grep -vc '^#')
        ratio=$(awk "BEGIN { printf \"%.2f\", $best / ${base[$compiler]} }")
        printf '%-68s %-12s %8s %8s %10s\n' "$header" "$(basename "$compiler")" "$best" "$ratio" "$lines"
    done
done
