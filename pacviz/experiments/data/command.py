"""`data`: the data sets that are there, and those that can be downloaded."""

from __future__ import annotations

from argparse import ArgumentParser

from pacviz.experiments.command import Command, as_json, progress_bar


def data(list: bool, download: str | None, json: bool) -> None:
    """Lists the data sets, or downloads one."""
    from pacviz import data as datasets
    from pacviz import store

    if download is not None:
        with progress_bar() as progress:
            dataset = datasets.load(download, download=True, progress=progress)
        print(
            f"{dataset.title}: {len(dataset.train):,} training and {len(dataset.test):,} test examples in {store.data_dir()}"
        )
        return
    rows = [
        {"name": name, "title": source.title, "available": datasets.is_available(name)}
        for name, source in datasets.DATASETS.items()
    ]
    if json:
        print(as_json({"folder": str(store.data_dir()), "datasets": rows}))
        return
    print(f"Data folder: {store.data_dir()} (PACVIZ_DATA chooses another)")
    for row, source in zip(rows, datasets.DATASETS.values(), strict=True):
        offer = f"python -m pacviz data --download {source.name}" if source.download else f"put {source.place} there"
        print(f"{source.name:15}{source.title:25}{'ready' if row['available'] else f'absent: {offer}'}")


def _data_options(parser: ArgumentParser) -> None:
    parser.add_argument("--list", action="store_true", help="list the data sets (the default)")
    parser.add_argument("--download", metavar="NAME", help="download this data set")


COMMANDS = (Command(data, _data_options),)
