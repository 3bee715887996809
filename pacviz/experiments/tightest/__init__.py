"""Networks made to be described in a few hundred bytes: the recorded certificates, and what can be seen in each."""
