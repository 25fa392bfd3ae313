#!/bin/bash
# What the shells complete for the program: completion.sh PROGRAM SOURCE WORK_DIR. A shell that is not installed is
# skipped.
set -euo pipefail
program=$1 packaging=$2/packaging
cd "$3"
PATH=$(dirname "$program"):$PATH

# complete_SHELL WORD...: a line for each candidate in place of the last word
complete_bash() {
    bash -c "source $packaging/completion.bash"'
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _frugal
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
complete_zsh() {
    zsh -fc '_describe() { print -rl -- ${${(P)2}%%:*} }
        compadd() { print -rl -- ${(P)2} }
        _files() { print -rl -- *(N) }
        file=$1; shift
        words=("$@") CURRENT=$#
        source $file' zsh "$packaging/completion.zsh" "$@" | { grep -e "^${!#}" || true; }
}
complete_fish() {
    fish --no-config -c "source $packaging/completion.fish; complete -C '$*'" | cut -f 1
}

touch gradient.npy
expect() { # expect WANTED WORD...: among the candidates, each of which begins with the last word
    local wanted=$1 found
    shift
    found=$("complete_$shell" "$@")
    if ! grep -qxe "$wanted" <<<"$found" || grep -qve "^${!#}" <<<"$found"; then
        echo "$shell completes '$*' to: $found; where is $wanted?" >&2
        exit 1
    fi
}
for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        echo "$shell: skipped, for it is not installed"
        continue
    fi
    expect train frugal tra
    expect codec frugal help co
    expect --write-message frugal codec --w
    expect event frugal train --engine e
    expect tbb frugal train --engine ""
    expect scalar frugal train --compressor sc
    expect ring frugal train --rounds 3 --topology r
    if [ $shell != bash ]; then # what `complete -o default` adds is not the function's to say
        expect gradient.npy frugal codec --input gr
    fi
    echo "$shell: as it should be"
done
