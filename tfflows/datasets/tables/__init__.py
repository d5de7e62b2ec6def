"""Tables: rows of named columns in files or in memory, from what is in them to three splits."""
