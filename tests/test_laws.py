"""Every law, for every architecture of the registry."""

import pytest

from tests.cases import CASES
from tests.laws import LAWS


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law, case):
    law(case)
