#!/bin/bash
# The examples of the single header, away from the sources: run.sh HEADER SOURCE WORK_DIR CXX. WORK_DIR is emptied.
set -euo pipefail
header=$1 source=$2 work=$3 cxx=$4
rm -rf "$work"
mkdir -p "$work"/{scalar,simd,old/xsimd}
cp "$header" "$source"/examples/single/*.cpp "$work/simd"
cp "$source"/examples/single/*.cpp "$work/scalar"
# As where xsimd is not installed.
sed 's|<xsimd/xsimd.hpp>|<no_such_library/xsimd.hpp>|' "$header" >"$work/scalar/frugal_single.hpp"

build() { # build PROGRAM: in the current folder, by relative names
    "$cxx" -std=c++20 -O0 -ffp-contract=off -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -MD "$1.cpp" -o "$1"
    if grep -E "frugal/|tbb|xtensor" "$1.d"; then
        echo "the single header includes another of the project, TBB or xtensor" >&2
        exit 1
    fi
}

for program in compress_a_vector feedback_over_rounds compressor_of_your_own; do
    cd "$work/scalar"
    if [ "$(wc -l <$program.cpp)" -gt 40 ]; then
        echo "$program.cpp has more than 40 lines" >&2
        exit 1
    fi
    build $program
    if grep xsimd $program.d; then
        echo "xsimd is included where it was not found" >&2
        exit 1
    fi
    ./$program | tee $program.txt
done

if ! "$cxx" -E -include xsimd/xsimd.hpp -x c++ /dev/null >/dev/null 2>&1; then
    echo "xsimd is not installed: skipped"
    exit 0
fi
cd "$work/simd"
build compress_a_vector
grep -q xsimd compress_a_vector.d
./compress_a_vector | cmp - ../scalar/compress_a_vector.txt

# A release of xsimd that is too old is named.
printf '#define XSIMD_VERSION_%s\n' "MAJOR 7" "MINOR 6" >"$work/old/xsimd/xsimd.hpp"
if "$cxx" -std=c++20 -E -I"$work/old" compress_a_vector.cpp -o /dev/null 2>errors.txt; then
    echo "xsimd 7.6 was accepted" >&2
    exit 1
fi
grep -q "frugal needs xsimd 8.1 or newer" errors.txt
