"""The report as one page for a browser: findings, shared state and pictures, in a file that needs nothing else."""

from __future__ import annotations

from racelint.html.page import MissingTemplatesError, page, require_templates

__all__ = ["MissingTemplatesError", "page", "require_templates"]
