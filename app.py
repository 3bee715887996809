"""Navigation and page configuration, nothing else: `streamlit run app.py`."""

from pacviz import ui

ui.start()
ui.navigation().run()
