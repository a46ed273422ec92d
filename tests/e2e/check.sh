#!/bin/sh
# posts_api as its users meet it.
sh tests/e2e/posts_api.sh "$BUILD/examples/posts_api" examples/posts_api.cpp
