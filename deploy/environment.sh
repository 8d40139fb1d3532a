#!/bin/sh
# Makes an environment from a locked requirements file: environment.sh REQUIREMENTS [FOLDER], in .venv unless another is
# named. Does nothing when it is up to date.
set -eu
requirements=$1
venv=${2:-.venv}
python=${PYTHON:-python3}

stop() { echo "$1" >&2; exit 1; }

command -v "$python" >/dev/null || stop "Waymark needs Python 3.11 or newer. On Debian or Ubuntu: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "Waymark needs Python 3.11 or newer; $python is older. Name another with: make PYTHON=python3.12 …"

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian ships venv apart from Python.
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || stop "Python's venv is missing. Install it with: sudo apt-get install $package"
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$package"
fi

stamp=$venv/$(basename "$requirements").$(cat "$requirements" pyproject.toml | sha256sum | cut -c1-16)
[ -e "$stamp" ] && exit 0
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "Installing what $requirements names into $venv (once) …"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch "$stamp"
