# A header for Doxygen, line for line: the comment at its head is the file's, lines `name(...): meaning` are a list, and the
# bars of a magnitude |x| do not divide cells of a table.
FNR == 1 { headed = /^\/\/! / }
/^#pragma once$/ && headed { $0 = "//! \\file" }
/^ *\/\/! \|/ {
    row = ""
    while (match($0, /\|\|?[^| -]([^|]*[^| ])?\|\|?/)) {
        magnitude = substr($0, RSTART, RLENGTH)
        gsub(/\|/, "\\|", magnitude)
        row = row substr($0, 1, RSTART - 1) magnitude
        $0 = substr($0, RSTART + RLENGTH)
    }
    $0 = row $0
}
before ~ /^ *\/\/!/ && /^ *\/\/! [a-z_0-9]+(\([^)]*\))?((,| or| \/) [a-z_0-9]+(\([^)]*\))?)*: / { sub(/\/\/! /, "//! - ") }
{ print; before = $0 }
