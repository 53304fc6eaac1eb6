"""Run gates from start to finish, and turn their decision sets into evidence."""
