"""From a Scenario to a certificate: the pipeline, the file, its verification, and the choice among many."""
