"""The rules of the code base, checked on the source itself: a file imports only from lower floors, and stays small.

Each check takes a `Source` and yields what breaks it, as `path:line: rule`; the mutants show that each can fail.
"""

import ast
import dataclasses
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A file imports from its own package and from lower floors. The decimals order the files of one floor.
FLOORS = {
    "tfflows": 2.1,  # its __init__ alone: what someone who builds flows imports
    "tfflows.errors": 0.0,
    "tfflows.files": 0.0,
    "tfflows.quiet": 0.0,
    "tfflows.values": 0.01,
    "tfflows.backend": 0.0,
    "tfflows.bounds": 0.0,
    "tfflows.logistic": 0.0,
    "tfflows.costs": 0.01,
    "tfflows.serialization": 0.01,
    "tfflows.command": 0.1,
    "tfflows.overrides": 0.1,
    "tfflows.columns": 0.02,
    "tfflows.events": 0.1,
    "tfflows.versions": 0.1,
    "tfflows.metrics": 0.2,
    "tfflows.noise": 0.2,
    "tfflows.splits": 0.2,
    "tfflows.sources": 0.25,
    "tfflows.targets": 0.25,
    "tfflows.bijectors": 0.3,
    "tfflows.networks": 0.3,
    "tfflows.datasets": 0.3,
    "tfflows.layers": 1.0,
    "tfflows.dequantization": 1.1,
    "tfflows.likelihoods": 0.9,
    "tfflows.pixel_mixture": 0.9,
    "tfflows.integers": 0.9,
    "tfflows.signatures": 1.1,
    "tfflows.guards": 1.2,
    "tfflows.servable": 1.3,
    "tfflows.models": 2.0,
    "tfflows.training": 3.0,
    "tfflows.generate": 2.95,
    "tfflows.config": 3.05,
    "tfflows.export": 3.0,
    "tfflows.serving": 3.1,
    "tfflows.scoring": 3.1,
    "tfflows.corner": 2.8,
    "tfflows.figures": 2.9,
    "zoo.architecture": 2.5,
    "zoo.posteriors": 2.5,
    "zoo.<architecture>": 3.0,
    "zoo": 4.0,
    "train": 5.0,
    "tfflows.generate.__main__": 5.0,
    "tfflows.scoring.__main__": 5.0,
    "tfflows.score": 5.1,
    "tools": 6.0,
    "benchmarks": 6.1,
    "examples": 6.05,
    "tests": 7.0,
}
ZOO_MODULES = (
    *("building", "catalog", "registry", "configuration", "creation", "estimator", "fetching"),
    *("pretrained", "rules", "tables"),
)  # with zoo/__init__.py; every other file of zoo/ is an architecture

FILE_LINES = {"tests": 300, "zoo.<architecture>": 100}
OTHER_FILE_LINES = 200
PRESETS = "\n# Presets.\n"  # from here on, a paper's file holds settings, which do not count
BODY_LINES = 25
MAIN_LINES = 39  # of train.py, which is read from top to bottom


@dataclasses.dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        """The package that a relative import starts from."""
        return self.module if self.path.endswith("__init__.py") else self.module.rpartition(".")[0]

    @property
    def unit(self) -> str:
        return unit(self.module)

    def say(self, line: int, rule: str) -> str:
        return f"{self.path}:{line}: {rule}"


def unit(name: str) -> str | None:
    """The row of FLOORS that a dotted name belongs to; None for other people's modules."""
    root, _, rest = name.partition(".")
    child = rest.partition(".")[0]
    if root == "zoo" and child in ("architecture", "posteriors"):
        return f"zoo.{child}"
    if root == "zoo":
        return "zoo.<architecture>" if child and child not in ZOO_MODULES else "zoo"
    if root == "tfflows" and child:
        command = f"{root}.{child}.__main__"
        return command if command in FLOORS and name.startswith(command) else f"{root}.{child}"
    return root if root in FLOORS else None


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """The line and the dotted name of each import at any level; `from a import b` gives `a.b`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = source.package.split(".")
            above = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, [above, node.module]))
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def imports_from_above(source: Source) -> Iterator[str]:
    if source.unit not in FLOORS:
        yield source.say(1, f"{source.unit} has no floor: give it one in FLOORS of tests/test_floors.py")
        return
    here = FLOORS[source.unit]
    for line, name in imported(source):
        target = unit(name)
        same_package = target == source.unit and target != "zoo.<architecture>"
        if target is None or same_package:
            continue
        there = FLOORS.get(target)
        if there is None:
            yield source.say(line, f"imports {name}, which has no floor: give it one in FLOORS of tests/test_floors.py")
        elif there >= here:
            yield source.say(line, f"imports {name} (floor {there}) into floor {here}: import only from floors below")


def long_files(source: Source) -> Iterator[str]:
    text = source.text.partition(PRESETS)[0] if source.unit == "zoo.<architecture>" else source.text
    lines, most = text.count("\n"), FILE_LINES.get(source.unit, OTHER_FILE_LINES)
    if lines > most:
        yield source.say(most + 1, f"{lines} lines, where {most} are allowed: a file holds one idea")


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def long_functions(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            most = MAIN_LINES if (source.path, node.name) == ("train.py", "main") else BODY_LINES
            if (lines := body_lines(node)) > most:
                yield source.say(node.lineno, f"the body of {node.name}() has {lines} lines, where {most} are allowed")


def star_imports(source: Source) -> Iterator[str]:
    for line, name in imported(source):
        if name.endswith(".*"):
            yield source.say(line, f"imports {name}: name what you import")


def asserts(source: Source) -> Iterator[str]:
    """Asserts outside tests: `python -O` removes them."""
    if source.unit != "tests":
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assert):
                yield source.say(node.lineno, "assert outside tests: raise by tfflows.errors.check")


CHECKS = (imports_from_above, long_files, long_functions, star_imports, asserts)


def sources() -> list[Source]:
    folders = ("tfflows", "zoo", "tools", "benchmarks", "examples", "tests")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    files += [path for path in [ROOT / "train.py"] if path.exists()]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in files]


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.path)
def test_source_obeys_the_house(source):
    broken = [message for check in CHECKS for message in check(source)]
    assert not broken, "\n" + "\n".join(broken)


# Bijectors and layers mirror each other file by file, except for these.
BIJECTORS_ONLY = {"circular", "elementwise", "masks", "mixture", "monotonic", "rounded", "spline"}  # of a coupling
BIJECTORS_ONLY |= {"adjoint", "jacobi", "leading", "ode", "root"}  # numerical methods
BIJECTORS_ONLY |= {"support"}  # a map without weights
LAYERS_ONLY = {"amortized", "chain", "inverse", "ladder", "plan", "prior", "recompute"}  # made of other layers


def test_layers_mirror_bijectors():
    layers, bijectors = (
        {path.stem for path in (ROOT / "tfflows" / package).glob("*.py")} for package in ("layers", "bijectors")
    )
    assert (bijectors - layers, layers - bijectors) == (BIJECTORS_ONLY, LAYERS_ONLY)


def test_each_floor_is_read():
    assert {"tfflows.errors", "zoo.<architecture>", "tests"} <= {source.unit for source in sources()}


def function(name: str, lines: int) -> str:
    docstring = '    """Not counted.\n\n    Nor is this.\n    """\n'
    return f"def {name}():\n{docstring}" + "    x = 1\n" * lines


IMPORT_MUTANTS = {
    "math of weights": ("tfflows/bijectors/affine.py", "from tfflows.layers import AffineCoupling"),
    "math of a neighbor": ("tfflows/bijectors/affine.py", "from tfflows.networks.mlp import MLP"),
    "math of a neighbor, by its package": ("tfflows/bijectors/affine.py", "from tfflows import networks"),
    "errors of events": ("tfflows/errors.py", "from tfflows.events import Event"),
    "events of metrics": ("tfflows/events.py", "import tfflows.metrics"),
    "layers of a model": ("tfflows/layers/base.py", "import keras, tfflows.models.flow as flow"),
    "layers of dequantization": ("tfflows/layers/base.py", "from tfflows.dequantization import Uniform"),
    "models of training, inside a function": ("tfflows/models/flow.py", "def f():\n    import tfflows.training"),
    "models of training, relative": ("tfflows/models/flow.py", "from ..training import fit"),
    "models of training, from a package": ("tfflows/models/__init__.py", "from ..training.fit import fit"),
    "training of export": ("tfflows/training/fit.py", "from tfflows import export"),
    "scoring of its command": ("tfflows/scoring/job.py", "from tfflows.scoring.__main__ import cli"),
    "tfflows of the zoo": ("tfflows/export/card.py", "from zoo import registry"),
    "an architecture of training": ("zoo/glow.py", "from tfflows.training import fit"),
    "an architecture of another": ("zoo/glow.py", "from zoo.realnvp import realnvp"),
    "an architecture of the registry": ("zoo/glow.py", "from zoo.registry import ARCHITECTURES"),
    "an architecture of the zoo": ("zoo/glow.py", "import zoo"),
    "the zoo of an example": ("zoo/registry.py", "from examples import eight_schools"),
    "the zoo of the command line": ("zoo/registry.py", "import train"),
    "the zoo of a tool": ("zoo/registry.py", "from tools import publish"),
    "tfflows of a test": ("tfflows/figures.py", "from tests.laws import jacobian"),
    "a package without a floor": ("tfflows/attic/old.py", "import keras"),
    "of a package without a floor": ("zoo/registry.py", "import tfflows.attic"),
}
OTHER_MUTANTS = {
    "long file": (long_files, "tfflows/events.py", "x = 1\n" * 201),
    "long test": (long_files, "tests/zoo/test_glow.py", "x = 1\n" * 301),
    "long architecture": (long_files, "zoo/glow.py", "x = 1\n" * 101),
    "long function": (long_functions, "tfflows/events.py", function("f", 26)),
    "long method": (long_functions, "tfflows/events.py", "class A:\n    def f(self):\n" + "        x = 1\n" * 26),
    "long main": (long_functions, "train.py", function("main", 40)),
    "long main elsewhere": (long_functions, "zoo/glow.py", function("main", 26)),
    "star": (star_imports, "zoo/glow.py", "from tfflows.layers import *"),
    "assert": (asserts, "tfflows/layers/base.py", "def f(x):\n    assert x > 0"),
}
SOUND = {
    "floors below": ("tfflows/models/flow.py", "from tfflows import metrics, noise\nfrom tfflows.layers.base import A"),
    "the same package": ("tfflows/layers/coupling.py", "from tfflows.layers.base import FlowLayer"),
    "the order on floor 0": (
        "tfflows/metrics.py",
        "from tfflows.events import Event\nfrom tfflows.errors import check",
    ),
    "other people's modules": ("tfflows/bijectors/affine.py", "import tensorflow.zoo, tests_of_others, trainer"),
    "the registry": ("zoo/registry.py", "from zoo import glow\nfrom zoo.realnvp import realnvp"),
    "the zoo's surface": ("zoo/__init__.py", "from zoo.pretrained import load as load"),
    "a command of its package": ("tfflows/scoring/__main__.py", "import zoo\nfrom tfflows.scoring import scoring"),
    "the command line": ("train.py", "import zoo\nfrom tfflows import training\n" + function("main", 39)),
    "a function at the limit": ("tfflows/events.py", function("f", 25)),
    "an architecture at the limit": ("zoo/glow.py", "x = 1\n" * 100),
    "an assert in a test": ("tests/test_metrics.py", "import zoo, train\nassert zoo"),
}


@pytest.mark.parametrize(("path", "text"), IMPORT_MUTANTS.values(), ids=IMPORT_MUTANTS)
def test_import_mutant_is_caught(path, text):
    (message,) = imports_from_above(Source(path, text))
    assert message.startswith(f"{path}:{1 + text.count('    import')}: ")
    assert "floor" in message


@pytest.mark.parametrize(("check", "path", "text"), OTHER_MUTANTS.values(), ids=OTHER_MUTANTS)
def test_mutant_is_caught(check, path, text):
    (message,) = check(Source(path, text))
    assert message.startswith(f"{path}:")


@pytest.mark.parametrize(("path", "text"), SOUND.values(), ids=SOUND)
def test_sound_source_passes(path, text):
    assert [message for check in CHECKS for message in check(Source(path, text))] == []
