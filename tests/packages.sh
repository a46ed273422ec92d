# Debian packages that crema needs, and how to install those that are missing. Sourced by the scripts.

packages_build="g++ cmake ninja-build pkg-config libasio-dev libsimdjson-dev libsqlite3-dev libcrypt-dev zlib1g-dev libbrotli-dev libzstd-dev libssl-dev libpcre2-dev libkainjow-mustache-dev"
packages_test="catch2 ccache curl python3 nodejs strace meson"

# Installs what is missing of the packages given; one line says why when that cannot be done.
install_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
    done
    # Another source than Debian's package may have brought these.
    for pair in nodejs:node python3:python3 cmake:cmake ninja-build:ninja; do
        command -v "${pair#*:}" >/dev/null 2>&1 && missing=$(echo "$missing " | sed "s/ ${pair%:*} / /")
    done
    [ -n "$(echo $missing)" ] || return 0
    command -v apt-get >/dev/null 2>&1 || { echo "crema: missing:$missing; there is no apt-get here, install them by hand" >&2; return 1; }
    if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null 2>&1; then as_root=sudo; else
        echo "crema: missing:$missing; run as root, or: apt-get install$missing" >&2
        return 1
    fi
    echo "installing:$missing"
    $as_root apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/tmp/crema-apt.$$ 2>&1 || {
        echo "crema: could not install$missing: $(grep '^E:' /tmp/crema-apt.$$ | head -1)" >&2
        rm -f /tmp/crema-apt.$$
        return 1
    }
    rm -f /tmp/crema-apt.$$
}
