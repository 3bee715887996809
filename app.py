"""The server and, in every run of a page, navigation and page configuration: `streamlit run app.py`."""

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.starlette import App

from pacviz.app.headers import MIDDLEWARE

app = App(__file__, middleware=MIDDLEWARE)

if get_script_run_ctx(suppress_warning=True) is not None:
    from pacviz.app import session
    from pacviz.experiments.experiment import EXPERIMENTS

    session.start()
    session.navigation(EXPERIMENTS).run()
