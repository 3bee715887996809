"""The architectures that come with pacviz, one file a family."""
