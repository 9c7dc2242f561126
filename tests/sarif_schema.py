"""The schema of SARIF 2.1.0 as OASIS published it, to check logs with."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files

from jsonschema import Draft4Validator

SCHEMA_DIGEST = "2fecfc36ae845e591f92814e8df9e999f3b1b586b0fbabc96fc2d3fb8bfa19fb"


@cache
def validator() -> Draft4Validator:
    """The schema, from a package that carries it; by its digest it is known to be the one of the standard."""
    content = files("linceo.data").joinpath("sarif-schema-2.1.0.json").read_bytes()
    schema = json.loads(content)
    canonical = json.dumps(schema, sort_keys=True).encode()
    assert hashlib.sha256(canonical).hexdigest() == SCHEMA_DIGEST
    return Draft4Validator(schema)
