#!/usr/bin/env bash
# What `make test` needs beyond Python packages: a JDK (17 or newer) and Maven, on which the tests
# marked `kafka` run Apache Kafka, Node (18 or newer) with npm for the example in that language, a
# Redis with TLS (the embedded one has none), and Chromium, in which the console is looked at. Root
# on Debian gets them installed; anybody else is told what is missing and goes on without those
# tests. With CI=true nothing may be missing.
set -eu

java_is_recent() {
    command -v java >/dev/null && command -v javac >/dev/null || return 1
    local version
    version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 17 ]
}

node_is_recent() {
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    node -e 'process.exit(Number(parseInt(process.versions.node) < 18))'
}

missing() {
    java_is_recent || echo "a JDK 17+"
    command -v mvn >/dev/null || echo "Maven"
    node_is_recent || echo "Node 18+ with npm"
    command -v redis-server >/dev/null || echo "redis-server"
    command -v chromium >/dev/null || echo "Chromium"
}

install() {
    local packages=()
    command -v mvn >/dev/null || packages+=(maven)
    command -v redis-server >/dev/null || packages+=(redis-server)
    command -v chromium >/dev/null || packages+=(chromium)
    if ! java_is_recent; then
        if apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then
            packages+=(openjdk-17-jdk-headless)
        else
            packages+=(default-jdk-headless)
        fi
    fi
    node_is_recent || packages+=(nodejs npm)
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
}

has_venv() {
    { [ -n "${UV-uv}" ] && command -v "${UV-uv}" >/dev/null; } ||
        "${PYTHON:-python3}" -c 'import ensurepip' 2>/dev/null
}

if [ -n "$(missing)" ] || ! has_venv; then
    if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
        apt-get update -q
        [ -z "$(missing)" ] || install
        has_venv || apt-get install -y -q --no-install-recommends python3-venv
    fi
fi

lacking=$(missing | paste -sd, - | sed 's/,/, /g')
if [ -n "$lacking" ]; then
    echo "Missing: $lacking. Tests that need it, such as those on Apache Kafka, are left out." >&2
    if [ "${CI:-}" = true ]; then
        echo "CI leaves nothing out: this is an error." >&2
        exit 1
    fi
fi
