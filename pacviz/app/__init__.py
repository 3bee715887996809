"""The Streamlit shell: controls, sentences, and how errors reach a person.  It knows no experiment."""
