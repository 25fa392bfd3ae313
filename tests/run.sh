#!/bin/bash
# Installs what is missing on Debian 12, builds the preset `dev` and runs all tests.
# Arguments go to the configuration, for example: tests/run.sh -DFRUGAL_WARNINGS_AS_ERRORS=ON
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/packaging/debian.sh"

# shellcheck disable=SC2086 # lists of packages
install_packages $packages_build $packages_library $packages_programs $packages_tests

cd "$root"
cmake --preset dev "$@"
cmake --build --preset dev
ctest --preset dev -j "$(nproc)"
