"""Administration: one set of commands, for accounts that may and for the machine's owner."""
