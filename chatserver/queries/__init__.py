"""What is asked and answered without changing anything."""
