# Completion of the program frugal in bash, and in zsh after `autoload bashcompinit; bashcompinit`: commands, options and
# names of the catalogue, as the program itself lists them.
# shellcheck shell=bash

_frugal() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(frugal help | sed -n '/^Subcommands/,$ s/^  \([a-z]*\) .*/\1/p')
    elif [[ $word == -* ]]; then
        words=$(frugal help "${COMP_WORDS[1]}" | grep -o -- '--[a-z-]*')
    else
        case $before in
        --algorithm | --compressor | --exchange | --topology | --optimizer | --objective | --partition)
            words=$(frugal list "${before#--}" | sed -n 's/^  \([a-z0-9_-]*\).*/\1/p') ;;
        --engine) words="tbb mpi event" ;;
        *)
            COMPREPLY=()
            compopt -o default
            return
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _frugal frugal
