"""`racelint explain` and `racelint rules`: what is looked for, and why."""

from __future__ import annotations

import sys

import click
import msgspec

from racelint.cli.options import FOUND_NOTHING, HELP
from racelint.report.documentation import on_the_web, page
from racelint.rule import Rule, load_rules, matching

output_format = click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How it is shown."
)


@click.command(context_settings=HELP)
@click.argument("rule", metavar="RULE")
@output_format
def explain(rule: str, output_format: str) -> int:
    """Explain a rule, given by code or name."""
    found = next((known for known in load_rules() if rule in (known.code, known.name)), None)
    if not found:
        several = ", ".join(each.code for each in matching(rule, load_rules()))
        raise click.UsageError(f"{rule} stands for several rules: {several}")
    if output_format == "json":
        _print_json(_as_data(found))
    else:
        _print_markdown(f"# {found.code} {found.name}\n\n{on_the_web(found.documentation)}")
    return FOUND_NOTHING


@click.command(context_settings=HELP)
@output_format
def rules(output_format: str) -> int:
    """List the rules."""
    if output_format == "json":
        _print_json([_as_data(rule) for rule in load_rules()])
        return FOUND_NOTHING
    width = max(len(rule.name) for rule in load_rules())
    for rule in load_rules():
        click.echo(f"{rule.code}  {rule.name:<{width}}  {'' if rule.default else '(off by default) '}{rule.summary}")
    return FOUND_NOTHING


def _as_data(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "explanation": on_the_web(rule.documentation).strip(),
        "default": rule.default,
        "url": page(rule.code),
    }


def _print_json(data: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))


def _print_markdown(source: str) -> None:
    if not sys.stdout.isatty():
        click.echo(source.rstrip())
        return
    from rich.markdown import Markdown

    from racelint.report.console import console_for

    console_for(sys.stdout).print(Markdown(source))
