"""The tests: of the protocol's parts, of the whole server over real sockets, and of the tree's own rules."""
