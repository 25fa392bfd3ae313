# A header for Doxygen, line for line: the comment at its head is the file's, and `name(...): meaning` lines are a list.
FNR == 1 { headed = /^\/\/! / }
/^#pragma once$/ && headed { print "//! \\file"; previous = ""; next }
/^ *\/\/! / && previous ~ /^ *\/\/!/ && match($0, /^ *\/\/! [a-z_0-9]+(\([^)]*\))?((,| or| \/) [a-z_0-9]+(\([^)]*\))?)*: /) {
    previous = $0
    sub(/\/\/! /, "//! - ")
    print
    next
}
{ previous = $0; print }
