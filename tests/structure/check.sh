#!/bin/sh
# Levels and anatomy of the headers; one check of them all.
out=$(python3 tests/structure/check.py) && echo "1 passed, 0 failed" || { echo "$out"; echo "0 passed, 1 failed"; }
