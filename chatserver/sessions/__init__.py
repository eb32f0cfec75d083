"""Who is connected: clients, logins, waits, and when their lines are run."""
