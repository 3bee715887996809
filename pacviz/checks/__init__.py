"""The contracts of everything that can be registered, as functions: whoever adds one runs the check on it.

    from pacviz.checks import check_bound
    check_bound(MY_BOUND)

Each returns nothing where the contract is kept, and raises BrokenContract, one sentence, where it is not.  The tests cross
everything that pacviz registers itself with the same checks.
"""

from pacviz.checks.bounds import check_bound
from pacviz.checks.codes import check_code, check_pruning, check_quantizer
from pacviz.checks.contract import BrokenContract
from pacviz.checks.experiments import check_experiment
from pacviz.checks.methods import check_method
from pacviz.checks.operations import check_operation
from pacviz.checks.posteriors import check_posterior

__all__ = [
    "BrokenContract",
    "check_bound",
    "check_code",
    "check_experiment",
    "check_method",
    "check_operation",
    "check_posterior",
    "check_pruning",
    "check_quantizer",
]
