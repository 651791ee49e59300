# Sourced by run, test and check: `make_venv run|studio|test|hub` leaves a ready environment and PYTHON pointing into it.
# .venv serves run, studio and test, .venv-hub holds torch and the model hub's libraries as well; a stamp per kind holds the hash
# of what was installed, so a second call is free.

readonly REPO="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="$REPO/.venv"
PYTHON="$VENV/bin/python"

# what the caller's shell may carry in and what would change the outcome
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# the first Python that is new enough and can make environments; says which of the two is missing
find_python() {
    local name too_old="" no_venv=""
    for name in "${KEYART_PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14 python3; do
        # a pyenv shim answers to every name and fails: ask, do not trust
        "$name" -c '' 2>/dev/null </dev/null || continue
        if ! "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            too_old="$name is $("$name" -c 'import platform; print(platform.python_version())')"
        elif ! "$name" -c 'import venv, ensurepip' 2>/dev/null; then
            no_venv="$name"
        else
            printf '%s\n' "$name"
            return
        fi
    done
    if [[ $no_venv ]]; then
        die "$no_venv cannot make virtual environments; on Debian and Ubuntu: sudo apt install python3-venv"
    fi
    die "keyart needs Python 3.11 or newer${too_old:+ ($too_old)}; install one, or name it: KEYART_PYTHON=/path/to/python3.12 $0"
}

# hash of everything that decides what is installed; the path is in it because environments cannot be moved
wanted_stamp() {
    {
        cat "$REPO/constraints.txt" "$REPO/pyproject.toml" "$REPO/scripts/_venv.sh"
        printf '%s %s\n' "$REPO" "$1"
    } | cksum
}

# `make_venv KIND`: run = keyart as users get it, studio = with the web app, test = with the checks' tools as well, hub = with the hub tier too
make_venv() {
    local kind=$1 stamp
    if [[ $kind == hub ]]; then
        VENV="$REPO/.venv-hub"
        PYTHON="$VENV/bin/python"
    fi
    stamp="$(wanted_stamp "$kind")"
    if [[ "$(cat "$VENV/.keyart-$kind" 2>/dev/null)" == "$stamp" ]] && "$PYTHON" -c 'import keyart' 2>/dev/null; then
        return
    fi
    mkdir -p "$REPO/build"
    exec 9>"$REPO/build/venv.lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "another run is setting up the environment; waiting for it ..."
        flock 9
    fi
    [[ "$(cat "$VENV/.keyart-$kind" 2>/dev/null)" == "$stamp" ]] || install "$kind" "$stamp"
    exec 9>&-
}

install() {
    local kind=$1 stamp=$2 python extra=""
    if ! "$PYTHON" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python="$(find_python)"
        say "setting up a Python environment in ${VENV##*/} ..."
        "$python" -m venv --clear "$VENV" || die "$python -m venv failed; on Debian and Ubuntu: sudo apt install python3-venv"
    fi
    case $kind in
        studio) extra="[studio]" ;;
        test) extra="[test]" ;;
        hub) extra="[test-hub]" ;;
    esac
    say "installing keyart and its pinned dependencies (first time: about 250 MB to fetch) ..."
    if [[ $kind == hub ]]; then
        say "... and torch with the hub's libraries: 250 MB more, 3 GB where the only torch for this machine is the CUDA one"
        # first and alone, so that nothing that depends on torch chooses another one
        pip_install torch || die "the installation of torch failed; see the lines above"
    fi
    pip_install -e ".$extra" || die "the installation failed; see the lines above"
    # pocketsphinx has wheels for few Pythons; without one English speech needs subtitles, everything else works
    if ! pip_install --only-binary pocketsphinx -e ".[speech-en]" 2>/dev/null; then
        say "note: no pocketsphinx wheel for this Python: English speech is not transcribed (subtitles are read as ever)"
    fi
    link_to_source
    printf '%s\n' "$stamp" >"$VENV/.keyart-$kind"
}

# Python reads .pth files in the locale's encoding and will not start over a Cyrillic path where that is C: a relative
# path has no such letters
link_to_source() {
    local link
    for link in "$VENV"/lib/python3*/site-packages/__editable__.keyart-*.pth; do
        [[ ! -f $link ]] || printf '../../../../src\n' >"$link"
    done
}

# relative paths on purpose: pip splits what it reads from its environment at spaces; the variables pin the build too.
# The locale: setuptools writes the path of the checkout in it
pip_install() {
    (cd "$REPO" && LC_ALL=C.UTF-8 PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
        "$PYTHON" -m pip install --quiet --use-pep517 -c constraints.txt "$@" </dev/null)
}

pull_models() {
    "$PYTHON" -m keyart models pull embedded samples >&2 ||
        die "the models could not be fetched; they are needed once: connect to the network and run this again"
}
