#!/usr/bin/env bash
# What `make test` needs beyond Python packages: Java (17 or newer) and Maven, on which the tests
# marked `kafka` run Apache Kafka, and a Redis with TLS (the embedded one has none). Root on Debian
# gets them installed; anybody else is told what is missing and goes on without those tests. With
# CI=true nothing may be missing.
set -eu

java_is_recent() {
    command -v java >/dev/null || return 1
    local version
    version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 17 ]
}

missing() {
    java_is_recent || echo "Java 17+"
    command -v mvn >/dev/null || echo "Maven"
    command -v redis-server >/dev/null || echo "redis-server"
}

install() {
    local packages=(maven redis-server)
    if apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
        packages+=(openjdk-17-jre-headless)
    else
        packages+=(default-jre-headless)
    fi
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

lacking=$(missing | paste -sd, - | sed 's/,/ and /')
if [ -n "$lacking" ]; then
    echo "Missing: $lacking. Tests on Apache Kafka or on Redis with TLS are left out." >&2
    if [ "${CI:-}" = true ]; then
        echo "CI leaves nothing out: this is an error." >&2
        exit 1
    fi
fi
