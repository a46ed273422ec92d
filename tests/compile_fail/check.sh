#!/bin/sh
# Each file here must not compile, and the compiler must say what its first line expects; with `expect first`, in its first
# error, of a message that fits on one screen (50 lines).
p=0
f=0
log=$(mktemp)
for file in tests/compile_fail/*.cpp; do
    want=$(sed -n '1s|^// expect\( first\)\{0,1\}: ||p' "$file")
    if ${CXX:-g++} -std=c++20 -fsyntax-only -Wall -Wextra -Werror -Iinclude "$file" >"$log" 2>&1; then
        f=$((f + 1))
        echo "FAILED: $file compiles"
    elif [ -z "$want" ] || ! grep -qF -- "$want" "$log"; then
        f=$((f + 1))
        echo "FAILED: $file does not say: $want"
        head -n 12 "$log"
    elif head -n 1 "$file" | grep -q '^// expect first' &&
        { ! grep -m 1 'error:' "$log" | grep -qF -- "$want" || [ "$(wc -l <"$log")" -gt 50 ]; }; then
        f=$((f + 1))
        echo "FAILED: $file does not say so first, or not on one screen: $want"
        head -n 30 "$log"
    else p=$((p + 1)); fi
done
rm -f "$log"
echo "$p passed, $f failed"
