"""The one spelling of a SOC 2 criterion's id, whatever tool or person wrote it.

Rules:

- Purely by form: nothing is looked up, so a document means the same with any catalogue.
- Only what can be a SOC 2 criterion and nothing else is rewritten; every other id stands as it is.
- Whether the criterion exists is for the catalogue to say.

Spellings seen in the wild: `cc_6_1` and `cc_a_1_1` (cloud scanners), `PP1.3` for `PI1.3`
(a slip in a library that many import), `cc6.1`, `CC6-1`, and ids without their framework.

Example:

    >>> canonical_control("cc_6_1")
    'soc2/CC6.1'
    >>> canonical_control("own/OP-1")
    'own/OP-1'
"""

from __future__ import annotations

import re

SOC2 = "soc2"

_SOC2 = re.compile(
    r"(?:soc[_-]?2[/_-])?"
    r"(?:cc[_-](?=(?:a|c|pi|pp|p)[_-]))?"
    r"(?P<family>cc|pi|pp|a|c|p)[_-]?(?P<series>[0-9]{1,2})[._-](?P<number>[0-9]{1,2})",
    re.ASCII | re.IGNORECASE,
)
_SLIPS = {"PP": "PI"}


def canonical_control(text: str) -> str:
    """`soc2/CC6.1` for every spelling of it; any other text as it is."""
    match = _SOC2.fullmatch(text)
    if match is None:
        return text
    family = match["family"].upper()
    return f"{SOC2}/{_SLIPS.get(family, family)}{int(match['series'])}.{int(match['number'])}"
