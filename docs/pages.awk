# A page for Doxygen, line for line: the README is the main page; what the indices docs/**/README.md list lies below them;
# headings have the names that links within a page use.
FNR == 1 {
    folder = FILENAME
    is_index = sub(/README\.md$/, "", folder) && sub(/.*docs\//, "docs/", folder)
    readme = FILENAME
    sub(/[^\/]*$/, "README", readme)
    sub(/.*docs\//, "docs/", readme)
    gsub(/\//, "_", readme)
    stem = FILENAME
    sub(/.*\//, "", stem)
    sub(/\.md$/, "", stem)
    if (stem == "README" && !is_index) {
        $0 = $0 " {#mainpage}"
    }
}
/^```cpp continued$/ { $0 = "```cpp" }
/^```/ { inside = !inside }
inside { print; next }
/^##+ / {
    name = tolower($0)
    sub(/^#+ /, "", name)
    gsub(/[^a-z0-9 -]/, "", name)
    gsub(/ /, "-", name)
    $0 = $0 " {#" stem "-" name "}"
}
is_index && match($0, /\[[^]]*\]\([a-z\/-]*(README)?\.md\)/) && !listed[substr($0, RSTART, RLENGTH)]++ {
    link = substr($0, RSTART, RLENGTH)
    title = substr(link, 2, index(link, "](") - 2)
    page = "md_" folder substr(link, index(link, "](") + 2)
    sub(/\.md\)$/, "", page)
    gsub(/[\/-]/, "_", page)
    $0 = substr($0, 1, RSTART - 1) "\\subpage " page " \"" title "\"" substr($0, RSTART + RLENGTH)
}
# The site has no copy of the examples.
match($0, /\[[^]]*\]\((\.\.\/)*examples\/[^)]*\)/) {
    link = substr($0, RSTART, RLENGTH)
    $0 = substr($0, 1, RSTART - 1) substr(link, 2, index(link, "](") - 2) substr($0, RSTART + RLENGTH)
}
{
    gsub(/\]\((\.\.\/)*include\//, "](@ref ")
    gsub(/\]\(docs\/pictures\//, "](")
    gsub(/\]\(#/, "](@ref " stem "-")
    gsub(/\]\(README\.md\)/, "](@ref md_" readme ")")
    print
}
