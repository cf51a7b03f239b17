# What ./run and ./test share: Debian packages, build folders. Sourced by both, from the root of the checkout.
# shellcheck shell=bash

# Needed to build Linnet and to speak the fixtures.
# shellcheck disable=SC2034
BUILD_PACKAGES=(
    gcc libc6-dev meson ninja-build pkg-config python3
    libfftw3-dev libasound2-dev libpulse-dev libopus-dev libwebsockets-dev libssl-dev libyaml-dev
    libjansson-dev libpcre2-dev libsqlite3-dev libcairo2-dev
    flite espeak-ng sox
)

# Needed by the tests on top of that.
# shellcheck disable=SC2034
TEST_PACKAGES=(
    clang clang-format gcovr git openssl shellcheck valgrind python3-numpy python3-venv python3-websockets
    festival festvox-kallpc16k festvox-us-slt-hts ffmpeg
    pulseaudio pulseaudio-utils libasound2-plugins
)

fail() {
    echo "$0: $*" >&2
    exit 1
}

# Of the packages named, those that are not installed.
missing_packages() {
    local installed
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        sed -n 's/^installed //p')
    comm -13 <(sort -u <<<"$installed") <(printf '%s\n' "$@" | sort -u)
}

# Install what is missing of the packages named; root is asked for only then.
ensure_packages() {
    local missing as_root=()
    command -v dpkg-query >/dev/null || fail "expected Debian: dpkg-query is not here"
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "as root, run: apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q || fail "apt-get update failed"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}" || fail "apt-get install failed"
}

# build_folder FOLDER MESON_OPTION...: configure it and build everything in it, quietly when all goes well. Ninja sees
# for itself when a meson.build changes, but not when a new one appears.
build_folder() {
    local folder=$1 log=$1.log again=()
    shift
    mkdir -p build
    [ -f "$folder/build.ninja" ] && again=(--reconfigure)
    if [ "${#again[@]}" -eq 0 ] || [ -n "$(find . -path ./build -prune -o -name meson.build -newer "$folder/build.ninja" -print)" ]; then
        if ! meson setup "${again[@]}" "$folder" "$@" >"$log" 2>&1; then
            cat "$log" >&2
            fail "cannot configure $folder"
        fi
    fi
    ninja -C "$folder" >"$log" 2>&1 && return
    cat "$log" >&2
    fail "cannot build $folder"
}
