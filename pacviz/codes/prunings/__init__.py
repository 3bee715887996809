"""The rules that say which weights survive: every file here registers its own."""
