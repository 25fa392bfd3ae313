# What Debian 12 calls the things frugal needs; sourced by the scripts.
# shellcheck shell=bash

packages_library="libxsimd-dev libxtensor-dev libtbb-dev libopenblas-dev zlib1g-dev libopenmpi-dev openmpi-bin"
packages_build="g++ cmake ninja-build pkg-config"
packages_programs="libcli11-dev nlohmann-json3-dev dataset-fashion-mnist gnuplot-nox"
packages_tests="catch2 python3"
packages_benchmarks="libbenchmark-dev"
packages_docs="doxygen"

# install_packages PACKAGE...: installs those that are missing; does not touch the network if none is.
install_packages() {
    local missing=() package
    for package in "$@"; do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed'; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "this system has no apt-get; install by hand what corresponds to: ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "run this as root, or install first: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}
