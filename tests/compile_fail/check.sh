#!/bin/sh
# Each file here must not compile, and the compiler must say what its first line expects.
p=0
f=0
log=$(mktemp)
for file in tests/compile_fail/*.cpp; do
    want=$(sed -n '1s|^// expect: ||p' "$file")
    if ${CXX:-g++} -std=c++20 -fsyntax-only -Wall -Wextra -Werror -Iinclude "$file" >"$log" 2>&1; then
        f=$((f + 1))
        echo "FAILED: $file compiles"
    elif [ -z "$want" ] || ! grep -qF -- "$want" "$log"; then
        f=$((f + 1))
        echo "FAILED: $file does not say: $want"
        head -n 12 "$log"
    else p=$((p + 1)); fi
done
rm -f "$log"
echo "$p passed, $f failed"
