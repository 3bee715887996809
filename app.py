"""Navigation and page configuration, nothing else: `streamlit run app.py`."""

from pacviz.app import session

session.start()
session.navigation().run()
