"""The command `chatclient`: reads its arguments and picks a face: terminal, pipe, or one message."""

import argparse
import os
import ssl
import sys
from collections.abc import Sequence

from chatclient import keep
from chatclient.exits import EXIT_CONNECTION, EXIT_INTERRUPTED, EXIT_USAGE, complain
from chatclient.net.link import LinkFailed, Target, target_of
from chatclient.passwords import NoPassword, from_file, from_prompt
from chatclient.pipe.frames import OWN_TAG, run_pipe
from chatclient.pipe.send import send_once
from chatserver import __version__

EPILOG = """Without a terminal it carries plain frames: printf 'PING|hi\\n' | chatclient
exit status: 0 success, 1 the server refused something, 2 wrong usage, 3 no connection.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; return the exit status."""
    _fill_standard_files()
    try:
        return _run(_parser().parse_args(arguments))
    except (_Usage, NoPassword) as error:
        complain(str(error))
        return EXIT_USAGE
    except LinkFailed as failure:
        complain(str(failure))
        return EXIT_CONNECTION
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _fill_standard_files() -> None:
    """Open /dev/null where a shell closed a standard file (`<&-`), so that no socket takes its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


class _Usage(Exception):
    """The arguments do not fit together; the text is a sentence."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chatclient",
        description="A client of the chat server.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "server",
        nargs="?",
        default="localhost",
        metavar="HOST[:PORT]",
        help="or PORT alone; default localhost:5000; several machines of one chat with commas between",
    )
    parser.add_argument("--user", metavar="NAME", help="log in as this user")
    parser.add_argument(
        "--password-file", metavar="FILE", help="its first line is the password; - is standard input; mode 0600"
    )
    parser.add_argument("--send", nargs=2, metavar=("TO", "TEXT"), help="send one message and end; TEXT - reads lines")
    parser.add_argument("--stream", action="store_true", help="everything in one stream, no windows")
    parser.add_argument("--version", action="version", version=f"pipechat {__version__}")
    parser.add_argument("--tls", action="store_true", help="connect by TLS, and check the server's certificate")
    parser.add_argument("--tls-ca", metavar="FILE", help="trust this certificate (PEM) and no other; implies --tls")
    return parser


def _run(options: argparse.Namespace) -> int:
    target = _target(options)
    if options.user is None and (options.send or options.password_file):
        raise _Usage("Say who you are: add --user NAME")
    password = from_file(options.password_file) if options.password_file else None
    if options.send:
        return _send(target, options, password)
    if os.isatty(0) and os.isatty(1):
        from chatclient.terminal.loop import run_terminal  # a pipe needs none of it

        return run_terminal(target, options.user, password, stream=options.stream)
    return _pipe(target, options, password)


def _send(target: Target, options: argparse.Namespace, password: str | None) -> int:
    to, text = options.send
    token = None if password else _kept_token(target, options.user)
    if password is None and token is None:
        if not os.isatty(0):
            raise _Usage("There is no terminal to ask for a password: add --password-file FILE")
        password = from_prompt(options.user)
    return send_once(target, options.user, to, text, password=password, token=token)


def _pipe(target: Target, options: argparse.Namespace, password: str | None) -> int:
    first = last = ""
    if password is not None:
        first = f"LOGIN#{OWN_TAG}|{options.user}|{password}\n"
        last = f"LOGOUT#{OWN_TAG}\n"
    elif options.user is not None:
        token = _kept_token(target, options.user)
        if token is None:
            raise _Usage(f"No login of {options.user} is kept: add --password-file FILE")
        first = f"RESUME#{OWN_TAG}|{options.user}|{token}\n"
    if target.tls is not None:
        last += f"QUIT#{OWN_TAG}\n"  # TLS has no half-close
    return run_pipe(target, first.encode(), last.encode())


def _target(options: argparse.Namespace) -> Target:
    try:
        target_of(options.server)  # a word that makes no sense is told before a certificate is read
        return target_of(options.server, _tls(options.tls_ca) if options.tls or options.tls_ca else None)
    except ValueError as error:
        raise _Usage(str(error)) from None


def _tls(certificates: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise _Usage(f"The certificates of {certificates} cannot be read: {error.strerror or error}") from None


def _kept_token(target: Target, user: str) -> str | None:
    kept = keep.load(keep.state_folder(), str(target), user)
    return kept.token if kept else None


if __name__ == "__main__":
    sys.exit(main())
