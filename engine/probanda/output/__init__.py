"""Renderers: decisions and reports → text for people, JSON for programs. Pure."""
