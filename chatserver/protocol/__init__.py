"""The wire: bytes to lines, lines to fields, the table of verbs, and how answers are written.

Shared by the server, the clients, the bots and the load generator. It knows no
socket and no rule of the chat: bytes on one side of it, `str` on the other.
"""
