"""The rules that say which few values weights take: every file here registers its own."""
