"""People as they are: who knows whom (`town`), what they do when (`day`), what each one's client does (`person`)."""
