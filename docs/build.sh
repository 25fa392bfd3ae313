#!/bin/bash
# Builds the documentation site, the pages and the reference of all public headers: FOLDER/index.html.
# Warnings, classes without a comment (but empty ones, which Doxygen passes over), links that lead nowhere and pages that no
# index lists are errors.
#   docs/build.sh [FOLDER]    FOLDER: build/docs unless given; a site that is there is replaced
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/packaging/debian.sh"

# shellcheck disable=SC2086 # a list
install_packages $packages_docs

mkdir -p "${1:-$root/build/docs}"
site=$(cd "${1:-$root/build/docs}" && pwd)
if [ -n "$(ls -A "$site")" ] && [ ! -f "$site/doxygen.css" ]; then
    echo "$site holds something other than a site of this script: empty it, or take another folder" >&2
    exit 1
fi
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
    cat docs/Doxyfile
    echo "PROJECT_NUMBER  = $(sed -n 's/^#define FRUGAL_VERSION_[A-Z]* //p' include/frugal/version.hpp | paste -sd.)"
    echo "OUTPUT_DIRECTORY = \"$work\""
    echo "WARN_LOGFILE     = \"$work/warnings\""
} | doxygen -

# A member without a comment is one that its concept, on the same site, has one for.
sed '/warning: Member .* is not documented\.$/d' "$work/warnings" >"$work/problems"

cd "$work/html"
# Every link within the site; the place in a file only of links in pages, for Doxygen has some that lead to private parts.
grep -oH -E '(href|src)="[^":]*"' -- *.html | sed -E 's/\.html:(href|src)="/.html /; s/"$//' |
    awk '{ link = $2 }
         link ~ /^#/ { link = $1 link }
         $1 !~ /^(md_.*|index)\.html$/ { sub(/#.*/, "", link) }
         { print link, $1 }' | sort -u -k1,1 >"$work/links"
grep -oH -E '(id|name)="[^"]*"' -- *.html | sed -E 's/:(id|name)="/#/; s/"$//' >"$work/places"
find . -type f | cut -c3- >>"$work/places"
awk 'NR == FNR { there[$1]; next } !($1 in there) { print $2 ": a link to " $1 ", which is not there" }' \
    "$work/places" "$work/links" >>"$work/problems"
grep -l '|---' -- *.html | sed 's/$/: a table that is not read as one/' >>"$work/problems" || true
# Nobody's business: what is in `detail`, and the parts of kernels for one kind of machine.
find . -name '*_1_1detail*' -o -name '*namespace*detail*' -o -name '*__x86_8hpp*' -o -name '*__neon_8hpp*' |
    sed 's/$/: a page of what is not public/' >>"$work/problems"
cd "$root"
for page in docs/*.md docs/algorithms/*.md; do
    index=$(dirname "$page")/README.md
    if [ "$page" != "$index" ] && ! grep -qF "($(basename "$page"))" "$index"; then
        echo "$page: not listed in $index" >>"$work/problems"
    fi
done
# What docs/errors.md quotes is in the sources, but for what stands at "...".
find include -name '*.hpp' -exec cat {} + | tr -s ' \n' ' ' | sed 's/" "//g; s/\\"/"/g' >"$work/sources"
sed -n 's/^| `\([^`]*\)` .*/\1/p' docs/errors.md | sed 's/ *\.\.\. */\n/g' | while IFS= read -r part; do
    if ! grep -qF -- "$part" "$work/sources"; then
        echo "docs/errors.md: no message has '$part'" >>"$work/problems"
    fi
done
if [ -s "$work/problems" ]; then
    sort -u "$work/problems" >&2
    exit 1
fi

rm -rf "$site/search"
find "$site" -maxdepth 1 -type f \( -name '*.html' -o -name '*.js' \) -delete
cp -r "$work/html/." "$site"
echo "$site/index.html"
