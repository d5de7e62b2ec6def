"""What is installed is what was tested: setup.cfg, constraints.txt, the folders and the imports agree."""

import ast
import configparser
import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from zoo.pretrained import rows
from zoo.registry import ARCHITECTURES

ROOT = Path(__file__).parents[1]
OURS = ("tfflows", "zoo", "train", "tools", "benchmarks", "examples", "tests")
CONFIG = configparser.ConfigParser()
CONFIG.read(ROOT / "setup.cfg", encoding="utf-8")
EXTRAS = dict(CONFIG["options.extras_require"])
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [line for line in LINES if not line.startswith("#")]


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.strip().splitlines() if not line.startswith("#")]


BASE = requirements(CONFIG["options"]["install_requires"])
PINNED_EXTRAS = [requirement for extra in ("beam", "test", "bench") for requirement in requirements(EXTRAS[extra])]


def versions(pins: list[str]) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in (pin.split("==") for pin in pins)}


def refused(needed: list[Requirement], pins: dict[str, str]) -> list[str]:
    """The requirements that no pinned version satisfies."""
    return [str(need) for need in needed if pins.get(canonicalize_name(need.name), "0") not in need.specifier]


def third_party(text: str) -> set[str]:
    """Top-level names that a source imports, other than the standard library's and our own."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - set(OURS)


def undeclared(names: set[str], declared: list[Requirement]) -> set[str]:
    """The imported names that no declared distribution provides."""
    providers = importlib.metadata.packages_distributions()
    known = {canonicalize_name(requirement.name) for requirement in declared}
    return {name for name in names if not known & {canonicalize_name(each) for each in providers.get(name, [])}}


def test_constraints_meet_the_ranges():
    assert refused(BASE + PINNED_EXTRAS, versions(PINS)) == []


@pytest.mark.parametrize("mutant", ["numpy==3.0.0", "numpy==1.26.4", "scipy==1.17.1"])
def test_constraint_outside_the_range_is_refused(mutant):
    assert refused([Requirement("numpy>=2.4,<3")], versions([mutant])) == ["numpy<3,>=2.4"]


def test_constraints_are_exact_and_sorted():
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+", pin) for pin in PINS)
    assert sorted(PINS, key=str.upper) == PINS
    assert len(versions(PINS)) == len(PINS)


def test_constraints_leave_out_ourselves_and_cuda():
    assert not [name for name in versions(PINS) if name == CONFIG["metadata"]["name"] or name.startswith("nvidia")]


def test_every_range_has_two_ends():
    one_ended = [str(need) for need in BASE if not {">=", "<"} <= {each.operator for each in need.specifier}]
    assert one_ended == []


def test_extras_are_gpu_beam_test_and_bench():
    assert set(EXTRAS) == {"gpu", "beam", "test", "bench"}
    assert all(requirements(text) for text in EXTRAS.values())


def test_gpu_is_the_same_tensorflow():
    (gpu,) = requirements(EXTRAS["gpu"])
    (tensorflow,) = [need for need in BASE if need.name == "tensorflow"]
    assert (gpu.name, gpu.extras, gpu.specifier) == ("tensorflow", {"and-cuda"}, tensorflow.specifier)


def test_python_versions_agree():
    requires = SpecifierSet(CONFIG["options"]["python_requires"])
    named = re.findall(r"Python :: (3\.\d+)$", CONFIG["metadata"]["classifiers"], re.MULTILINE)
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in requires] == named
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    low, high = re.search(r"not \(3, (\d+)\) <= .* < \(3, (\d+)\)", makefile).groups()
    assert requires == SpecifierSet(f">=3.{low},<3.{high}")


def test_packages_are_the_folders():
    packages = set(CONFIG["options"]["packages"].split())
    folders = {path.parent for root in ("tfflows", "zoo") for path in (ROOT / root).rglob("*.py")}
    assert packages == {path.relative_to(ROOT).as_posix().replace("/", ".") for path in folders} | {"zoo.exported"}
    assert CONFIG["options"]["package_dir"].strip() == "zoo.exported = exported"
    assert (ROOT / "exported").is_dir()


def test_commands_are_functions_of_what_is_installed():
    commands = dict(line.split(" = ") for line in CONFIG["options.entry_points"]["console_scripts"].split("\n") if line)
    assert set(commands) == {"tfflows-generate", "tfflows-score", "tfflows-train"}
    installed = {*CONFIG["options"]["packages"].split(), *CONFIG["options"]["py_modules"].split()}
    for target in commands.values():
        module, function = target.split(":")
        assert module.removesuffix(".__main__") in installed
        path = ROOT / f"{module.replace('.', '/')}.py"
        (found,) = [node for node in ast.parse(path.read_text()).body if getattr(node, "name", "") == function]
        assert ast.unparse(found.args) == ""


def packed() -> dict[str, int]:
    """Sizes of the files that setup.cfg puts into a wheel, by their paths from the root."""
    files = [path for package in CONFIG["options"]["packages"].split() for path in folder(package).glob("*.py")]
    files += [ROOT / f"{module}.py" for module in CONFIG["options"]["py_modules"].split()]
    for package, patterns in CONFIG["options.package_data"].items():
        files += [path for pattern in patterns.split() for path in folder(package).glob(pattern) if path.is_file()]
    return {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in files}


def folder(package: str) -> Path:
    return ROOT / "exported" if package == "zoo.exported" else ROOT / package.replace(".", "/")


def test_wheel_is_small_and_carries_two_exact_flows():
    sizes, table = packed(), {row["id"]: row for row in rows()}
    assert sum(sizes.values()) < 10e6
    carried = sorted({path.split("/")[1] for path in sizes if path.startswith("exported/")})
    assert len(carried) == 2
    for name in carried:
        row = table[name]
        assert row["dataset"].startswith("toy/")
        assert ARCHITECTURES[row["architecture"]].density == "exact"
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "exported" / name).rglob("*") if path.is_file()}
        assert files <= set(sizes), "all of it"
    assert {"zoo/pretrained.csv", "zoo/__init__.py", "tfflows/layers/base.py"} <= set(sizes)


USE = f"""
import sys
sys.modules["apache_beam"] = None  # an extra
import zoo
from pathlib import Path
from tfflows.scoring import score
assert not Path(zoo.__file__).is_relative_to({str(ROOT)!r}), zoo.__file__
for name in {{carried}}:
    zoo.load(name).sample(4, seed=0)
try:
    zoo.load("realnvp_digits")
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_wheel_is_what_setup_cfg_says_and_works_alone(tmp_path):
    source, target = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "tfflows", "zoo", "train.py", "exported"):
        (source / name).symlink_to(ROOT / name)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", tmp_path, source]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 10e6
    with zipfile.ZipFile(wheel) as file:
        file.extractall(target)
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    expected = {path.replace("exported/", "zoo/exported/") for path in packed()}
    assert {name for name in names if ".dist-info/" not in name} == expected
    carried = sorted({path.split("/")[2] for path in expected if path.startswith("zoo/exported/")})
    here = {"PYTHONPATH": str(target), "KERAS_HOME": str(tmp_path / "keras"), "TFFLOWS_PRETRAINED_URL": ""}
    command = [sys.executable, "-c", USE.format(carried=carried)]
    said = subprocess.check_output(command, cwd=tmp_path, env={**os.environ, **here}, text=True, timeout=300)
    assert "TFFLOWS_PRETRAINED_URL" in said


@pytest.mark.parametrize("root", ["tfflows", "zoo", "train.py", "tools", "benchmarks", "examples"])
def test_imports_are_declared(root):
    files = [ROOT / root] if root.endswith(".py") else sorted((ROOT / root).rglob("*.py"))
    names = {name for path in files if path.exists() for name in third_party(path.read_text(encoding="utf-8"))}
    # The other libraries have an environment of their own, where each has the name of its distribution.
    of_peers = requirements((ROOT / "benchmarks" / "peers" / "requirements.txt").read_text(encoding="utf-8"))
    peers = {requirement.name for requirement in of_peers if root == "benchmarks"}
    assert undeclared(names - peers, BASE + PINNED_EXTRAS) == set()


def test_undeclared_import_is_found():
    names = third_party("import os, zoo\nimport scipy.stats\nfrom sklearn import datasets\nfrom PIL import Image")
    assert names == {"scipy", "sklearn", "PIL"}
    assert undeclared(names, requirements("scikit-learn\npillow")) == {"scipy"}


def test_make_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    helped = subprocess.run(["make", "-s", "-C", ROOT, "help"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in helped.splitlines()] == targets
