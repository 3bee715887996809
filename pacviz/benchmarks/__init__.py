"""How fast pacviz is: its steps, and the app as a browser sees it."""
