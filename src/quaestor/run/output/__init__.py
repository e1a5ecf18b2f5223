"""Results on their way out of the program: as text (`text`), as Arrow (`arrow`), as files (`export`)."""
