"""The objects of SARIF 2.1.0 of which a report is made; the standard says what their fields mean."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["error", "warning", "note"]


class Object(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What all of them have in common: names in camel case, and nothing written that has its default."""


class Message(Object, frozen=True):
    """A text for people."""

    text: str
    markdown: str | None = None


class ArtifactLocation(Object, frozen=True):
    """A file, by an absolute URI or by one below a base."""

    uri: str
    uri_base_id: str | None = None


class BaseLocation(Object, frozen=True):
    """What a base of URIs stands for."""

    uri: str
    description: Message


class Region(Object, frozen=True):
    """A part of a file; the end column is the one after the last character."""

    start_line: int
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class PhysicalLocation(Object, frozen=True):
    """A place in a file."""

    artifact_location: ArtifactLocation
    region: Region


class LogicalLocation(Object, frozen=True):
    """A place in the program: a function."""

    fully_qualified_name: str
    kind: str


class Location(Object, frozen=True):
    """A place, with a number to refer to it and what there is to say about it."""

    physical_location: PhysicalLocation
    id: int | None = None
    logical_locations: tuple[LogicalLocation, ...] = ()
    message: Message | None = None


class ThreadFlowLocation(Object, frozen=True):
    """A step of a thread."""

    location: Location
    kinds: tuple[str, ...] = ()
    importance: Literal["essential", "important", "unimportant"] = "important"


class ThreadFlow(Object, frozen=True):
    """The steps of a thread."""

    id: str
    message: Message
    locations: list[ThreadFlowLocation]


class CodeFlow(Object, frozen=True):
    """Threads that run at the same time."""

    thread_flows: list[ThreadFlow]


class ArtifactContent(Object, frozen=True):
    """What is written instead."""

    text: str


class Replacement(Object, frozen=True):
    """What is written in the place of a part of a file."""

    deleted_region: Region
    inserted_content: ArtifactContent


class ArtifactChange(Object, frozen=True):
    """What is changed in a file."""

    artifact_location: ArtifactLocation
    replacements: tuple[Replacement, ...]


class Fix(Object, frozen=True):
    """A change that mends what was found."""

    description: Message
    artifact_changes: tuple[ArtifactChange, ...]


class Result(Object, frozen=True):
    """A finding."""

    rule_id: str
    level: Level
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    properties: dict[str, object]
    rule_index: int = -1
    related_locations: tuple[Location, ...] = ()
    code_flows: tuple[CodeFlow, ...] = ()
    fixes: tuple[Fix, ...] = ()


class Configuration(Object, frozen=True):
    """How a rule is set."""

    level: Level
    enabled: bool = True


class ReportingDescriptor(Object, frozen=True):
    """A rule."""

    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Message
    help_uri: str
    default_configuration: Configuration
    properties: dict[str, object]


class ToolComponent(Object, frozen=True):
    """The program that speaks, and its rules."""

    name: str
    version: str
    semantic_version: str
    information_uri: str
    rules: list[ReportingDescriptor]


class Tool(Object, frozen=True):
    """The program that speaks."""

    driver: ToolComponent


class Notification(Object, frozen=True):
    """What a run has to say of itself."""

    level: Level
    message: Message


class Invocation(Object, frozen=True):
    """How a run went."""

    execution_successful: bool
    tool_execution_notifications: list[Notification]


class Run(Object, frozen=True):
    """A run of the tool."""

    tool: Tool
    invocations: tuple[Invocation, ...]
    original_uri_base_ids: dict[str, BaseLocation]
    column_kind: str
    results: list[Result]


class Log(Object, frozen=True):
    """The document."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: tuple[Run, ...]
