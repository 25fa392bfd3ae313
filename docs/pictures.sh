#!/bin/bash
# Draws the pictures of the README anew, docs/pictures/*.svg, on a machine that does nothing else: the first is of
# training, the second of speeds.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/examples/run.sh" --out "$work/table-2.1"
cmake -S "$root" --preset release
cmake --build "$root/build/release" --target example_record_gradients
mkdir "$work/gradients"
"$root/build/release/examples/record_gradients" "$work/gradients"
"$root/build/release/examples/frugal" choose --input "$work/gradients/heavy.f32" --out "$work/choice"

mkdir -p "$root/docs/pictures"
cp "$work/table-2.1/curves.svg" "$root/docs/pictures/accuracy.svg"
cp "$work/choice/choose.svg" "$root/docs/pictures/codecs.svg"
