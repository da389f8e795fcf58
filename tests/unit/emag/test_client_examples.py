"""The examples in the docstrings of the client."""

import doctest

import pytest

from emag import sites
from emag.client import decoding, encoding, gates, masking, mentions, other_calls


@pytest.mark.parametrize(
    "module", [sites, decoding, encoding, gates, masking, mentions, other_calls]
)
def test_it_works(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
