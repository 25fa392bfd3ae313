# Writes the n-th program of a page, a ```cpp block and the ```cpp continued blocks after it, to <prefix>n.cpp.new and prints
# <prefix>n.cpp.
/^```cpp$/ { inside = 1; count += 1; file = prefix count ".cpp"; print file; printf "" > (file ".new") }
/^```cpp continued$/ { inside = 1 }
/^```cpp( continued)?$/ { printf "#line %d \"%s\"\n", NR + 1, FILENAME >> (file ".new"); next }
/^```$/ && inside { inside = 0; close(file ".new"); next }
inside { print >> (file ".new") }
