"""How servers call what handles their requests, and which of them serve by greenlets."""

from __future__ import annotations

from typing import Final

WSGI: Final = ("environ", "start_response")
DJANGO: Final = ("request",)
GRPC: Final = (("request", "context"), ("request_iterator", "context"))
"""The parameters of what handles requests, by the names that everybody gives them."""

FACTORY: Final = "get_response"
"""What Django gives to those who make middleware."""

GREENLETS: Final = frozenset({"gevent", "eventlet"})
"""The libraries whose servers run one greenlet for each request, which lets others run only where it waits."""
