"""Formats of which one collector reads several: a reader each, and what they have in common.

Rules: a reader takes a parsed document and gives the collector's own values; which reader a file
needs, its collector decides.

Example:

    >>> read_openvex(read_node(data, source="app.openvex.json")).format
    'openvex'
"""
