#!/bin/sh
# Smuggling probes through nginx and HAProxy to the echo server: all agree where each request ends.
# BUILD=build/default sh tests/proxy/check.sh
cd "$(dirname "$0")/../.." || exit 1
. tests/packages.sh
BUILD=${BUILD:-build/default}
[ -x "$BUILD/conformance_echo" ] || { echo "$BUILD/conformance_echo was not built"; echo "0 passed, 1 failed"; exit 1; }
# Debian starts the services it installs, which these must not be.
for proxy in nginx haproxy; do
    PATH=$PATH:/usr/sbin
    command -v $proxy >/dev/null 2>&1 || RUNLEVEL=1 install_packages $proxy || { echo "FAILED: $proxy cannot be had"; echo "0 passed, 1 failed"; exit 1; }
done
exec python3 tests/proxy/probes.py "$BUILD/conformance_echo"
