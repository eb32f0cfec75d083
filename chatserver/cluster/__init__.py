"""Several machines that are one chat: a log in PostgreSQL, one that writes, others that follow and take over."""
