# A page for Doxygen, line for line: the README is the main page; what the indices docs/**/README.md list lies below them.
FNR == 1 {
    folder = FILENAME
    is_index = sub(/README\.md$/, "", folder) && sub(/.*docs\//, "docs/", folder)
    if (FILENAME ~ /README\.md$/ && !is_index) {
        $0 = $0 " {#mainpage}"
    }
}
is_index && match($0, /\[[^]]*\]\([a-z\/-]*(README)?\.md\)/) && !listed[substr($0, RSTART, RLENGTH)]++ {
    link = substr($0, RSTART, RLENGTH)
    title = substr(link, 2, index(link, "](") - 2)
    page = "md_" folder substr(link, index(link, "](") + 2)
    sub(/\.md\)$/, "", page)
    gsub(/[\/-]/, "_", page)
    $0 = substr($0, 1, RSTART - 1) "\\subpage " page " \"" title "\"" substr($0, RSTART + RLENGTH)
}
{
    gsub(/\]\((\.\.\/)*include\//, "](@ref ")
    print
}
