"""Black-box scenarios over real sockets: what the contract says, and nothing of how it is built."""
