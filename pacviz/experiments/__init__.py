"""One folder for each experiment: settings, run, results, figures, page and command."""
