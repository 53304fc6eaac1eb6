"""The engines that may be asked: the one table.

Example:

    ENGINES["opa"].absence()  # 'there is no `opa` on the PATH', or empty
"""

from __future__ import annotations

from typing import Final

from probanda.rego.opinions.interface import Engine
from probanda.rego.opinions.opa import OPA
from probanda.rego.opinions.regopy import REGOPY
from probanda.rego.opinions.regorus import REGORUS

ENGINES: Final[dict[str, Engine]] = {each.name: each for each in (REGOPY, REGORUS, OPA)}
