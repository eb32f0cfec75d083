"""Sockets and time: the loop, connections, listeners, worker threads. It knows no chat."""
