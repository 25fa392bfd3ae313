#!/bin/bash
# Reports how long files take to compile that only include the umbrella headers: tests/compile_time.sh [COMPILER...]
# The least processor time of five runs without optimisation. The aim, on an idle machine with g++ 12: less than 3 s for
# frugal/frugal.hpp and less than 1 s for frugal/core.hpp. A report, not a test: it depends on what else the machine does.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compilers=("$@")
[ ${#compilers[@]} -eq 0 ] && compilers=("${CXX:-g++}")
TIMEFORMAT=%U

printf '%-32s %-12s %8s %10s\n' header compiler seconds lines
for header in frugal/core.hpp frugal/concepts.hpp frugal/compress/scalar.hpp frugal/compress.hpp frugal/frugal.hpp \
    oneapi/tbb/parallel_for.h xsimd/xsimd.hpp; do
    echo "#include <$header>" >"$work/include.cpp"
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
        lines=$("${compile[@]}" -E "$work/include.cpp" | grep -vc '^#')
        printf '%-32s %-12s %8s %10s\n' "$header" "$(basename "$compiler")" "$best" "$lines"
    done
done
