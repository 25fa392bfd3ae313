# Writes the n-th ```cpp block of a page to <prefix>n.cpp.new and prints <prefix>n.cpp.
/^```cpp$/ { inside = 1; count += 1; file = prefix count ".cpp"; printf "#line %d \"%s\"\n", NR + 1, FILENAME > (file ".new"); next }
/^```$/ && inside { inside = 0; close(file ".new"); print file; next }
inside { print > (file ".new") }
