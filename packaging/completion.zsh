#compdef frugal
# Completion of the program frugal in zsh: commands, options and names of the catalogue, as the program itself lists
# them, and files.

_frugal() {
    local before=$words[CURRENT-1]
    local -a found
    if ((CURRENT == 2)) || [[ $CURRENT -eq 3 && $before == help ]]; then
        found=(${(f)"$(frugal help | sed -n '/^Subcommands/,$ s/^  \([a-z]*\)  *\(.*\)/\1:\2/p')"})
        _describe command found
        return
    elif [[ $words[CURRENT] == -* ]]; then
        found=($(frugal help $words[2] | grep -o -- '--[a-z-]*'))
    elif [[ $before == --engine ]]; then
        found=($(frugal help train | sed -n '/^  --engine /{s/.*  //;s/,\| or / /g;p}'))
    elif [[ $before == --* ]]; then
        found=($(frugal list ${before#--} 2>/dev/null | sed -n 's/^  \([a-z0-9_-]*\).*/\1/p'))
    fi
    if ((${#found})); then
        compadd -a found
    else
        _files
    fi
}
_frugal "$@"
