"""A certificate and its key: read at the start, and again when they were renewed, for the connections to come."""

import ssl


class TlsFileError(Exception):
    """A certificate or a key cannot be used; the text is a sentence that says what to do."""


class Certificate:
    """What TLS connections show. Each keeps what it began with, so loading it again disturbs nobody."""

    def __init__(self, certificate: str, key: str) -> None:
        """Load two PEM files. Raises TlsFileError."""
        self._files = certificate, key
        self.context = tls_context(certificate, key)

    def load_again(self) -> None:
        """Load the files anew. Raises TlsFileError where they cannot be used: then the one before stays."""
        self.context = tls_context(*self._files)


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """What connections share, made of two PEM files. Raises TlsFileError."""
    for path in (certificate, key):
        try:
            with open(path, "rb"):
                pass  # the error of `load_cert_chain` does not say which of them it is about
        except OSError as error:
            sentence = f"{path} cannot be read ({error.strerror}): check tls_certificate and tls_key"
            raise TlsFileError(sentence) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # it costs a server far more than its client; OpenSSL 3 has it off
    try:
        context.load_cert_chain(certificate, key, password="")  # else it would ask for one on the terminal
    except (OSError, ValueError) as error:  # OSError: it may be renewed at this moment; ssl's own errors are such too
        sentence = (
            f"{certificate} and {key} are no certificate with its key:"
            " give two PEM files that belong together, the key without a passphrase"
        )
        raise TlsFileError(sentence) from error
    return context
