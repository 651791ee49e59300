"""The scripts that a fresh machine meets first, with stand-ins for Python and pip: nothing is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
SCRIPTS = (
    "scripts/run",
    "scripts/studio",
    "scripts/test",
    "scripts/check",
    "scripts/no_addresses",
    "scripts/bless",
    ".ci/run",
)


def bash(command: str, *, folder: Path, path: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KEYART_", "PYTHON"))}
    return subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env={**clean, **({"PATH": path} if path else {}), **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that the set-up reads, in a folder whose name has a space and Cyrillic letters."""
    folder = tmp_path / "мой проект 1"
    (folder / "scripts").mkdir(parents=True)
    for name in ("constraints.txt", "pyproject.toml", *SCRIPTS[:5], "scripts/_venv.sh"):
        shutil.copy(REPO / name, folder / name)
    return folder


@pytest.mark.parametrize("script", [*SCRIPTS, "scripts/_venv.sh"])
def test_it_is_bash_that_parses(script: str) -> None:
    assert bash(f"bash -n {script}", folder=REPO).stderr == ""
    assert os.access(REPO / script, os.X_OK) == (script in SCRIPTS)


def test_run_tells_how_it_is_used_before_it_sets_anything_up(copy: Path) -> None:
    done = bash("./scripts/run --help", folder=copy)
    assert done.returncode == 0
    assert "usage: scripts/run [VIDEO]" in done.stdout
    assert not (copy / ".venv").exists()


def fake_environment(copy: Path) -> Path:
    """A .venv whose Python writes down what it is asked and agrees to everything. Returns where it writes."""
    log = copy / "asked"
    program(copy / ".venv/bin/python", f'printf "%s\\n" "$*" >>"{log}"')
    return log


def asked(log: Path) -> list[str]:
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line for line in lines if line.startswith("-m")]


def test_the_set_up_is_done_once(copy: Path) -> None:
    log = fake_environment(copy)
    assert bash("source scripts/_venv.sh; make_venv run", folder=copy).returncode == 0
    first = asked(log)
    assert [line.split()[:3] for line in first] == [["-m", "pip", "install"]] * 2
    assert all("-c constraints.txt" in line for line in first), "every install is pinned"
    assert bash("source scripts/_venv.sh; make_venv run", folder=copy).stderr == ""
    assert asked(log) == []


def test_the_link_to_the_source_has_no_letters_that_a_locale_may_lack(copy: Path) -> None:
    log = fake_environment(copy)
    link = copy / ".venv/lib/python3.11/site-packages/__editable__.keyart-0.1.0.pth"
    link.parent.mkdir(parents=True)
    link.write_text(f"{copy}/src\n")
    bash("source scripts/_venv.sh; make_venv run", folder=copy)
    assert log.exists()
    assert (link.parent / link.read_text().strip()).resolve() == (copy / "src").resolve()
    assert link.read_text().isascii()


@pytest.mark.parametrize("changed", ["constraints.txt", "pyproject.toml"])
def test_a_changed_pin_is_installed(copy: Path, changed: str) -> None:
    log = fake_environment(copy)
    bash("source scripts/_venv.sh; make_venv run", folder=copy)
    asked(log)
    with (copy / changed).open("a") as file:
        file.write("# changed\n")
    bash("source scripts/_venv.sh; make_venv run", folder=copy)
    assert len(asked(log)) == 2


def test_the_tests_tools_come_with_the_tests_only(copy: Path) -> None:
    log = fake_environment(copy)
    bash("source scripts/_venv.sh; make_venv run", folder=copy)
    assert not any("[test]" in line for line in asked(log))
    bash("source scripts/_venv.sh; make_venv test", folder=copy)
    assert any(".[test]" in line for line in asked(log))


def test_the_hub_tier_has_an_environment_of_its_own_and_torch_comes_first(copy: Path) -> None:
    log = copy / "asked"
    program(copy / ".venv-hub/bin/python", f'printf "%s\\n" "$*" >>"{log}"')
    done = bash("./scripts/test hub -x -k clip", folder=copy)
    assert done.returncode == 0, done.stderr
    lines = asked(log)
    installs = [line for line in lines if " pip install " in line]
    assert installs[0].endswith("-c constraints.txt torch")
    assert installs[1].endswith("-e .[test-hub]")
    assert all("-c constraints.txt" in line for line in installs), "every install is pinned"
    assert lines[-1] == "-m pytest tests/hub tests/learn -x -k clip"
    assert not (copy / ".venv").exists()


def test_no_wheel_for_speech_is_not_fatal(copy: Path) -> None:
    program(copy / ".venv/bin/python", '[[ "$*" != *speech-en* ]]')
    done = bash("source scripts/_venv.sh; make_venv run", folder=copy)
    assert done.returncode == 0
    assert "English speech is not transcribed" in done.stderr


def test_a_failed_install_is_fatal_and_tried_again(copy: Path) -> None:
    program(copy / ".venv/bin/python", '[[ "$*" != "-m pip"* ]]')
    for _ in range(2):
        done = bash("source scripts/_venv.sh; make_venv run", folder=copy)
        assert done.returncode == 1
        assert "error: the installation failed" in done.stderr


def test_models_that_cannot_be_fetched(copy: Path) -> None:
    program(copy / ".venv/bin/python", '[[ "$*" != *"models pull"* ]]')
    done = bash("./scripts/run clip.mp4", folder=copy)
    assert done.returncode == 1
    assert "connect to the network and run this again" in done.stderr


def test_run_makes_the_named_video_from_any_folder(copy: Path, tmp_path: Path) -> None:
    log = fake_environment(copy)
    done = bash(f"'{copy}/scripts/run' 'моё видео.mp4' -o 'the package'", folder=tmp_path)
    assert done.returncode == 0
    assert asked(log)[-2:] == ["-m keyart models pull embedded samples", "-m keyart make моё видео.mp4 -o the package"]


@pytest.mark.parametrize("arguments", ["", "-o out --json"])
def test_run_without_a_video_renders_the_sample(copy: Path, arguments: str) -> None:
    log = fake_environment(copy)
    bash(f"./scripts/run {arguments}", folder=copy)
    sample = f"{copy.resolve()}/build/sample.mp4"
    words = f"{sample} {arguments}".rstrip()
    assert asked(log)[-2:] == [f"-m keyart.media.sample {sample}", f"-m keyart make {words}"]


def test_a_part_of_the_tests_has_no_bar_to_reach(copy: Path) -> None:
    log = fake_environment(copy)
    bash("./scripts/test tests/models -k pull; ./scripts/test -x", folder=copy)
    part, whole = (line for line in asked(log) if line.startswith("-m pytest"))
    assert "--cov-fail-under" not in part
    assert part.endswith("tests/models -k pull")
    assert "--cov-fail-under=90" in whole


def found_python(folder: Path, bin_folder: Path) -> subprocess.CompletedProcess[str]:
    """What `find_python` says where only the programs of `bin_folder` (and none of ours) are on the path."""
    for tool in ("dirname", "cat"):
        if not (bin_folder / tool).exists():
            (bin_folder / tool).symlink_to(shutil.which(tool) or tool)
    return bash("source scripts/_venv.sh; find_python", folder=folder, path=str(bin_folder))


def test_a_python_that_is_too_old_is_named(copy: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin/python3", '[[ $2 == *platform* ]] && echo 3.9.2; [[ $2 != *"3, 11"* ]]')
    done = found_python(copy, tmp_path / "bin")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer (python3 is 3.9.2)" in done.stderr


def test_no_python_at_all(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = found_python(copy, tmp_path / "bin")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer;" in done.stderr


def test_a_python_without_venv_says_which_package_to_install(copy: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin/python3", "[[ $2 != *ensurepip* ]]")
    done = found_python(copy, tmp_path / "bin")
    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr


def test_the_first_python_that_will_do_is_taken(copy: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin/python3", '[[ $2 != *"3, 11"* ]]')  # too old
    program(tmp_path / "bin/python3.11", "exit 127")  # a shim of nothing
    program(tmp_path / "bin/python3.12", "[[ $2 != *ensurepip* ]]")
    program(tmp_path / "bin/python3.13", "exit 0")
    assert found_python(copy, tmp_path / "bin").stdout == "python3.13\n"


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("see https://pypi" + ".org/simple", False),
        ("pip install --index" + "-url http://mirror", False),
        ("--extra-index" + "-url=x", False),
        ("find = '/wor" + "k/main/src'", False),
        ("https://files.python" + "hosted.org/x.whl", False),
        ("[a link](/roo" + "t/file)", False),
        ("pip install keyart; bench/work/clip.mp4; src/work/x", True),
        ("the package index, and a network of roots", True),
    ],
)
def test_addresses_are_found(copy: Path, line: str, allowed: bool) -> None:
    (copy / "notes.md").write_text(f"{line}\n")
    bash("git init -q . && git add notes.md", folder=copy)
    done = bash("./scripts/no_addresses", folder=copy)
    assert (done.returncode == 0) == allowed
    assert (line in done.stdout) != allowed


def test_the_repository_has_no_addresses() -> None:
    done = bash("./scripts/no_addresses", folder=REPO)
    assert done.returncode == 0, done.stdout
