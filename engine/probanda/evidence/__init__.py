"""Statements, Sigstore bundles, evidence bundles, and their verification.

Nothing is re-exported: `from probanda.evidence.bundle import write_bundle` says
where a thing lives, and keeps heavy libraries out of `probanda --version`.
"""
