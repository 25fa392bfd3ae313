#!/bin/bash
# Builds and runs the consumer: run.sh WAY SOURCE PREFIX WORK_DIR CXX
# WAY: find_package, add_subdirectory, fetch_content, pkg_config, conan, or documented: the project that the documentation shows.
# SOURCE is frugal's, PREFIX is where it was installed, WORK_DIR is emptied.
set -euo pipefail
way=$1 source=$2 prefix=$3 work=$4 cxx=$5
consumer=$source/tests/consumer
rm -rf "$work"
mkdir -p "$work"
case $way in
find_package)
    cmake -S "$consumer" -B "$work" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "$work"
    "$work/consumer"
    # A component that does not exist is refused by name.
    mkdir "$work/unknown"
    cat >"$work/unknown/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.22)
project(unknown LANGUAGES CXX)
find_package(frugal CONFIG REQUIRED COMPONENTS warp_drive)
END
    if cmake -S "$work/unknown" -B "$work/unknown/build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_PREFIX_PATH="$prefix" >"$work/unknown.log" 2>&1; then
        echo "find_package accepted a component that does not exist" >&2
        exit 1
    fi
    grep -q "no component warp_drive" "$work/unknown.log"
    ;;
add_subdirectory)
    cmake -S "$consumer" -B "$work" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DFRUGAL_SOURCE_DIR="$source"
    cmake --build "$work"
    "$work/consumer"
    ;;
fetch_content)
    cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(fetched LANGUAGES CXX)
include(FetchContent)
FetchContent_Declare(frugal SOURCE_DIR $source)
FetchContent_MakeAvailable(frugal)
add_executable(consumer $source/test_package/core.cpp)
target_link_libraries(consumer PRIVATE frugal::core)
END
    cmake -S "$work" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx"
    cmake --build "$work/build"
    "$work/build/consumer"
    ;;
pkg_config)
    export PKG_CONFIG_PATH=$prefix/share/pkgconfig
    # shellcheck disable=SC2046 # the flags are meant to be split
    "$cxx" "$consumer/consumer.cpp" -o "$work/consumer" $(pkg-config --cflags --libs frugal)
    "$work/consumer"
    ;;
conan)
    export CONAN_HOME=$work/home CXX=$cxx
    conan profile detect
    conan create "$source" -o "&:system_dependencies=True" -s compiler.cppstd=20 \
        -c tools.cmake.cmake_layout:test_folder="$work/test"
    ;;
documented)
    page=$source/docs/in-your-project.md
    block() { awk -v "begin=\`\`\`$1" '$0 == begin { inside = 1; next } /^```$/ { inside = 0 } inside' "$page"; }
    block cmake >"$work/CMakeLists.txt"
    block cpp >"$work/main.cpp"
    cmake -S "$work" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "$work/build"
    "$work/build/my_program"
    ;;
*)
    echo "unknown way '$way'" >&2
    exit 2
    ;;
esac
