"""Units on many machines: a thin adapter to Dask, which brings its own ways to start workers (`docs/cluster.md`)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from pacviz.errors import PacvizError

WORKERS = 2
SECONDS_TO_CONNECT = 10


@contextmanager
def dask_executor(address: str | None) -> Iterator[Executor]:
    """An executor of concurrent.futures on a Dask cluster.

    address: HOST:PORT of a running scheduler; where None, a cluster of two worker processes is started here.
    Raises PacvizError where Dask is not installed or nobody answers there.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise PacvizError("A cluster needs Dask: pip install 'pacviz[cluster]'.") from error
    if address is None:
        with (
            LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=40) as cluster,
            Client(cluster) as client,
        ):
            yield client.get_executor(pure=False, retries=3)
        return
    try:
        connected = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, TimeoutError, ValueError) as error:
        raise PacvizError(
            f"No Dask scheduler answers at {address}; start one by `dask scheduler` and workers by `dask worker {address}`."
        ) from error
    with connected as client:
        yield client.get_executor(pure=False, retries=3)
