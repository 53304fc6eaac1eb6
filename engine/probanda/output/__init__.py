"""Renderers: decisions and reports → text for people, documents for programs. Pure.

One interface (`interface.Renderer`), one file per format, one table (`formats.FORMATS`).
"""
