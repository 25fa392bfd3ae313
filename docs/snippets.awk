# Writes the n-th program of a page, a ```cpp block and the ```cpp continued blocks after it, or a ```python block, to
# <prefix>n.cpp.new or <prefix>n.py.new and prints that name without .new.
/^```(cpp|python)$/ { inside = 1; count += 1; file = prefix count ($0 == "```cpp" ? ".cpp" : ".py"); print file; printf "" > (file ".new") }
/^```cpp continued$/ { inside = 1 }
/^```cpp( continued)?$/ { printf "#line %d \"%s\"\n", NR + 1, FILENAME >> (file ".new"); next }
/^```python$/ { next }
/^```$/ && inside { inside = 0; close(file ".new"); next }
inside { print >> (file ".new") }
