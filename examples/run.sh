#!/bin/bash
# The main job: installs what is missing on Debian 12, builds the program `frugal`, trains the network of Abdi (2020),
# table 2.1, with every compressor, and says where the table and the picture are.
# Arguments go to `frugal compare table-2.1`, for example: examples/run.sh --data DIRECTORY_OF_IDX_FILES
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/packaging/debian.sh"

# shellcheck disable=SC2086 # lists of packages
install_packages $packages_build $packages_library $packages_programs $packages_benchmarks

cmake -S "$root" --preset release
cmake --build "$root/build/release" --target frugal_program

out=out/table-2.1
arguments=("$@")
for ((i = 0; i < $#; ++i)); do
    case ${arguments[i]} in
    --out) out=${arguments[i + 1]-} ;;
    --out=*) out=${arguments[i]#--out=} ;;
    esac
done
case " $* " in
*" --out"*) ;;
*) arguments+=(--out "$out") ;;
esac

"$root/build/release/examples/frugal" compare table-2.1 "${arguments[@]}"
echo "picture: $out/curves.svg    table: $out/report.json and $out/curves.csv"
