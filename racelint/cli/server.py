"""`racelint server`: the language server, for editors."""

from __future__ import annotations

import click

from racelint.cli.options import FOUND_NOTHING, HELP


@click.command(context_settings=HELP, short_help="Run the language server, which editors start.")
@click.option("--tcp", metavar="PORT", type=click.IntRange(1, 65535), help="Listen on this port of the machine itself.")
def server(tcp: int | None) -> int:
    """Run the language server on standard input and output; editors start it.

    It needs `pip install 'racelint[server]'`.
    """
    try:
        from racelint.server.app import make_server
    except ImportError as error:
        raise click.ClickException("the language server needs its library: pip install 'racelint[server]'") from error
    running = make_server()
    if tcp is not None:
        running.start_tcp("127.0.0.1", tcp)
    else:
        running.start_io()
    return FOUND_NOTHING
