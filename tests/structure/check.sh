#!/bin/sh
# Levels and anatomy of the headers, options of the middleware in the docs; one check each of them all.
passed=0 failed=0
for check in check options; do
    if out=$(python3 tests/structure/$check.py); then passed=$((passed + 1)); else echo "$out"; failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
