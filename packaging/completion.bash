# Completion of the program frugal in bash: commands, options and names of the catalogue, as the program itself lists
# them, and files.
# shellcheck shell=bash

_frugal() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
    if [ "$COMP_CWORD" -eq 1 ] || [[ $COMP_CWORD -eq 2 && $before == help ]]; then
        words=$(frugal help | sed -n '/^Subcommands/,$ s/^  \([a-z]*\) .*/\1/p')
    elif [[ $word == -* ]]; then
        words=$(frugal help "${COMP_WORDS[1]}" | grep -o -- '--[a-z-]*')
    elif [[ $before == --engine ]]; then
        words=$(frugal help train | sed -n '/^  --engine /{s/.*  //;s/,\| or / /g;p}')
    elif [[ $before == --* ]]; then
        words=$(frugal list "${before#--}" 2>/dev/null | sed -n 's/^  \([a-z0-9_-]*\).*/\1/p')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _frugal frugal
