"""`--send TO TEXT`: log in, send, log out; for shell scripts."""

from chatclient.blocking import Client, ClientError, RefusedError, UnsendableError
from chatclient.exits import EXIT_CONNECTION, EXIT_OK, EXIT_REFUSED, EXIT_USAGE, complain
from chatclient.link import Target


def send_once(target: Target, user: str, to: str, text: str, *, password: str | None, token: str | None) -> int:
    """Send one message, or one a line of standard input where the text is `-`; return the exit status.

    The server has stored what this returns EXIT_OK for. A token is used as it is; a password's
    login is ended again, so that no token is left behind.
    """
    try:
        with Client(target.host, target.port, tls=target.tls) as client:
            if token is not None:
                client.resume(user, token)
            else:
                client.login(user, password or "")
            for line in _texts(text):
                client.send(to, line)
            if token is None:
                client.logout()
    except RefusedError as refusal:
        complain(str(refusal))
        return EXIT_REFUSED
    except UnsendableError as error:
        complain(str(error))
        return EXIT_USAGE
    except ClientError as error:
        complain(str(error))
        return EXIT_CONNECTION
    return EXIT_OK


def _texts(text: str) -> list[str]:
    if text != "-":
        return [text]
    with open(0, encoding="utf-8", errors="replace", closefd=False) as source:
        return [line for line in source.read().splitlines() if line.strip()]
