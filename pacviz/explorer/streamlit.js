// In the app: Streamlit hands over data, and takes a state.

export default ({ parentElement, data, setStateValue }) => mount(parentElement, data, (state) => setStateValue("moved", state));
