"""Licence names that are not SPDX identifiers, and what they mean.

Rules:

- `IDENTIFIERS` maps a name to one SPDX identifier; a name is compared as a whole, with
  its case. Python classifiers are listed by their last part; the full text
  (`License :: OSI Approved :: …`) means the same.
- Source: the classifiers of PyPI, and PEP 639, appendix "Mapping License Classifiers to
  SPDX Identifiers": classifiers that it does not call ambiguous have one meaning.
- Two entries go further, and are marked: PEP 639 forbids *packaging tools* to write an
  expression from `Apache Software License`; a gate has to decide, 1.1 was retired in
  2004, and a wrong guess would still be Apache's. Cross-check with a clarification
  where it matters.
- `FAMILIES` are names that leave the version or variant open. They never identify a
  licence, but do not contradict an entry that identifies a member of the family.
- The terms of the data contracts are bare words; SPDX needs `LicenseRef-` before them.

Example:

    >>> IDENTIFIERS["MIT License"]
    'MIT'
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# The licence terms of the data contracts (`ig.contract.v1`, field `license`).
CONTRACT_TERMS = frozenset(
    {"MIT-OK", "Open-Data-OK", "Restricted-TOS", "Proprietary-Client", "Embargoed"}
)

_CLASSIFIER_PREFIXES = ("License :: OSI Approved :: ", "License :: ")

IDENTIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "Aladdin Free Public License (AFPL)": "Aladdin",
        "Apache Software License": "Apache-2.0",  # ambiguous in PEP 639: see the rules
        "Attribution Assurance License": "AAL",
        "Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
        "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
        "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
        "CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)": "CECILL-2.1",
        "CMU License (MIT-CMU)": "MIT-CMU",
        "CeCILL-B Free Software License Agreement (CECILL-B)": "CECILL-B",
        "CeCILL-C Free Software License Agreement (CECILL-C)": "CECILL-C",
        "Common Development and Distribution License 1.0 (CDDL-1.0)": "CDDL-1.0",
        "Common Public License": "CPL-1.0",
        "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
        "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
        "Educational Community License, Version 2.0 (ECL-2.0)": "ECL-2.0",
        "European Union Public Licence 1.0 (EUPL 1.0)": "EUPL-1.0",
        "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
        "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
        "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
        "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
        "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
        "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
        "Historical Permission Notice and Disclaimer (HPND)": "HPND",
        "IBM Public License": "IPL-1.0",
        "ISC License (ISCL)": "ISC",
        "MIT License": "MIT",
        "MIT No Attribution License (MIT-0)": "MIT-0",
        "MirOS License (MirOS)": "MirOS",
        "Mozilla Public License 1.0 (MPL)": "MPL-1.0",
        "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
        "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
        "Mulan Permissive Software License v2 (MulanPSL-2.0)": "MulanPSL-2.0",
        "NASA Open Source Agreement v1.3 (NASA-1.3)": "NASA-1.3",
        "Open Software License 3.0 (OSL-3.0)": "OSL-3.0",
        "PostgreSQL License": "PostgreSQL",
        "Python License (CNRI Python License)": "CNRI-Python",
        # Marked: SPDX has PSF-2.0 (the licence alone) and Python-2.0 (the whole stack of
        # CPython); a package that names the foundation's licence means the former.
        "Python Software Foundation License": "PSF-2.0",
        "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
        "The Unlicense (Unlicense)": "Unlicense",
        "Universal Permissive License (UPL)": "UPL-1.0",
        "University of Illinois/NCSA Open Source License": "NCSA",
        "Vovida Software License 1.0": "VSL-1.0",
        "Zero-Clause BSD (0BSD)": "0BSD",
        "zlib/libpng License": "Zlib",
    }
)

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Academic Free License (AFL)": ("AFL-",),
        "Apple Public Source License": ("APSL-",),
        "Artistic License": ("Artistic-",),
        "BSD License": ("BSD-", "0BSD"),
        "DFSG approved": ("",),
        "GNU Affero General Public License v3": ("AGPL-3.0-",),
        "GNU Free Documentation License (FDL)": ("GFDL-",),
        "GNU General Public License (GPL)": ("GPL-",),
        "GNU General Public License v2 (GPLv2)": ("GPL-2.0-",),
        "GNU General Public License v3 (GPLv3)": ("GPL-3.0-",),
        "GNU Lesser General Public License v2 (LGPLv2)": ("LGPL-2.",),
        "GNU Lesser General Public License v2 or later (LGPLv2+)": ("LGPL-2.",),
        "GNU Lesser General Public License v3 (LGPLv3)": ("LGPL-3.0-",),
        "GNU Library or Lesser General Public License (LGPL)": ("LGPL-",),
        "OSI Approved": ("",),
        "Zope Public License": ("ZPL-",),
    }
)


def bare_name(name: str) -> str:
    """The last part of a Python classifier; other names unchanged."""
    for prefix in _CLASSIFIER_PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name
