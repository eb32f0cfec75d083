"""Several machines that are one chat."""
