"""Every law, for every architecture of the registry; for class-conditional models, those that a label could break."""

import pytest

from tests.cases import CASES
from tests.laws import CONDITIONAL_LAWS, LAWS

PAIRS = [(law, case) for case in CASES for law in (CONDITIONAL_LAWS if case.event.classes else LAWS)]


@pytest.mark.parametrize(("law", "case"), PAIRS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_law(law, case):
    law(case)
