"""What attackers do for long, or in thousands."""
