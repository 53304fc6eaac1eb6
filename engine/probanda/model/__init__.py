"""Frozen domain types, one noun per file; standard library only.

Nothing here reads a file, a clock or the network. Documents of the project are
parsed into these types once, at the edge (`content/`), and never mutated.
"""
