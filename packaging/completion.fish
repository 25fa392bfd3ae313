# Completion of the program frugal in fish: commands, options and names of the catalogue, as the program itself lists
# them, and files.

function __fish_frugal
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l found
    if test (count $words) -eq 1; or test "$words[2..]" = help
        set found (frugal help | sed -n '/^Subcommands/,$ s/^  \([a-z]*\)  *\(.*\)/\1\t\2/p')
    else if string match -q -- '-*' "$word"
        set found (frugal help $words[2] | grep -o -- '--[a-z-]*')
    else if test "$words[-1]" = --engine
        set found (frugal help train | sed -n '/^  --engine /{s/.*  //;s/,\| or /\n/g;s/ //g;p}')
    else if string match -q -- '--*' $words[-1]
        set found (frugal list (string sub -s 3 -- $words[-1]) 2>/dev/null | sed -n 's/^  \([a-z0-9_-]*\).*/\1/p')
    end
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$word"
    end
end
complete -c frugal -f -a '(__fish_frugal)'
