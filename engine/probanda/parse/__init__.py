"""Bounded, located readers of untrusted text: JSON, YAML, XML.

Rules:

- Every reader takes bytes, a path for messages and `Limits`, and raises nothing
  but `ParseError`, whatever the bytes are.
- A limit is checked before the work that it bounds.
- What two readers could understand differently is refused: duplicate keys,
  NaN, numbers that overflow, lone surrogates, YAML 1.1 words, merge keys.

Nothing here knows about documents of the project; that is `content/`.
"""
