#!/bin/bash
# The main job: installs what is missing on Debian 12, builds the program `frugal`, trains the network of Abdi (2020),
# table 2.1, with every compressor; prints a table and draws out/table-2.1/curves.svg.
# Arguments go to `frugal compare table-2.1`, for example: examples/run.sh --data DIRECTORY_OF_IDX_FILES
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/packaging/debian.sh"

# shellcheck disable=SC2086 # lists of packages
install_packages $packages_build $packages_library $packages_programs $packages_benchmarks

cmake -S "$root" --preset release
cmake --build "$root/build/release" --target frugal_program

"$root/build/release/examples/frugal" compare table-2.1 --out out/table-2.1 "$@"
