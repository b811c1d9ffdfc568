"""The rules of the house, kept by a walk over the source and not by memory."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "molehunt"
FILES = sorted(SOURCE.rglob("*.py"))

#: Layer of each module or folder right below the package.
LAYERS = {
    "errors": 0, "schema": 0, "columns": 0,
    "config": 1, "findings": 1, "tuning": 1, "names": 1, "wire": 1,
    "readers": 2, "engines": 2, "detectors": 2, "rules": 2, "suppress": 2, "sinks": 2,
    "verdict": 3,
    "detection": 4, "pipeline": 4, "addresses": 4,
    "curves": 5,
    "watch": 5, "console": 5,
    "cli": 6,
}  # fmt: skip

#: The one home of each third-party package. Arrow and NumPy are the common tongue; pydantic is the language of documents.
EVERYWHERE = {"pyarrow", "numpy", "pydantic", "cython"}
HOMES = {
    "duckdb": {"engines", "readers", "rules"},
    "pyspark": {"engines"},
    "py4j": {"engines"},
    "publicsuffixlist": {"names"},
    "zstandard": {"readers"},
    "lz4": {"readers"},
    "jinja2": {"sinks"},
    "markupsafe": {"sinks"},
    "rich": {"cli", "sinks"},
    "typer": {"cli"},
    "stix2": {"sinks"},
    "httpx": {"sinks"},
}

#: Packages that `import molehunt` and `molehunt --help` do not load.
LATE = {"duckdb", "pyspark", "pandas", "polars", "jinja2", "httpx", "stix2", "pymisp", "publicsuffixlist", "zstandard", "lz4"}


def place(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down_only(path: Path):
    here = place(path)
    if here == "__init__":
        return
    assert here in LAYERS, f"{here} has no layer"
    for name in imports(path):
        if name == "molehunt" or not name.startswith("molehunt."):
            assert name != "molehunt", f"{path} imports the package root"
            continue
        target = name.split(".")[1]
        assert target in LAYERS, f"{path} takes {target!r} from the package root"
        if target != here:
            limit = LAYERS[here] - (LAYERS[here] == 2)
            assert LAYERS[target] <= limit, f"{path} (L{LAYERS[here]}) imports {name} (L{LAYERS[target]})"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_third_party_package_has_one_home(path: Path):
    for name in imports(path):
        package = name.split(".")[0]
        if package == "molehunt" or package in sys.stdlib_module_names or package in EVERYWHERE:
            continue
        assert package in HOMES, f"{path}: {package} has no home yet; give it one in this test"
        assert place(path) in HOMES[package], f"{path}: {package} lives in {HOMES[package]}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_the_outer_world_is_touched_in_the_command_line_only(path: Path):
    if place(path) == "cli":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "sys.exit", "exit", "input"}, f"{path}:{node.lineno}: {called}"
            assert called not in {"datetime.now", "datetime.utcnow", "datetime.today", "time.time"}, (
                f"{path}:{node.lineno}: {called}"
            )
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in {"os.environ", "sys.argv"}, f"{path}:{node.lineno}"


@pytest.mark.parametrize("code", ["import molehunt", "import molehunt.cli"])
def test_nothing_optional_loads_early(code: str):
    script = f"{code}; import sys; print(*{LATE!r}.intersection(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_no_file_is_long():
    long = {str(p.relative_to(SOURCE)): n for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert long == {}, "a file that passes 400 lines becomes a folder"
