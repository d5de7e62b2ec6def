"""Every law, for every architecture of the registry; for class-conditional models, those that a label could break."""

import pytest

from tests.cases import CASES
from tests.laws import ALL_CONDITIONAL_LAWS, CONDITIONAL_LAWS, LAWS


def laws(case):
    if not case.event.classes:
        return LAWS
    # Large graphs take long to compile; RealNVP stands for the images of the others.
    whole = case.event.kind == "vector" or case.name == "realnvp"
    return ALL_CONDITIONAL_LAWS if whole else CONDITIONAL_LAWS


PAIRS = [(law, case) for case in CASES for law in laws(case)]


@pytest.mark.parametrize(("law", "case"), PAIRS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_law(law, case):
    law(case)
