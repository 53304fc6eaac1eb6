"""probanda: policy and compliance as code, with evidence that verifies offline.

The package is layered; each room imports only rooms above it in this list:
`errors`, `canonical`, `model`, `parse`, `merkle`, `rego`, `collect`, `content`,
`evaluate`, `decide`, `sign`, `ledger`, `evidence`, `gates`, `output`, `cli`.
`tests/test_architecture.py` walks the import graph and holds this line.
"""

__version__ = "0.1.0"
