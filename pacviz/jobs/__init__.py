"""Long work: units with a key, whose results are files, and the processes that do them."""
