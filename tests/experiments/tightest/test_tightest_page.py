""" "Tightest" shows the recorded points, moves along them, and takes the selected one apart; where there is none, it says how."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tight_points import save

from pacviz.app.plain import plain
from pacviz.experiments.tightest import results as module
from pacviz.experiments.tightest.results import FAMILIES, best, points
from pacviz.literature import RECORD
from pacviz.models import architecture
from pacviz.words import at_most

APP = str(Path(__file__).parents[3] / "app.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only folder that the page looks into."""
    monkeypatch.setattr(module, "folders", lambda: (tmp_path,))
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "no-data"))
    return tmp_path


@pytest.fixture
def recorded(folder):
    for width, price, errors in ((4, 1.0, 2400), (8, 1.0, 1500), (8, 2.0, 2200)):
        save(folder, f"tiny-{width}-{price:g}", width, price, errors, spread=1.5 / price)
    for dimension, errors in ((300, 2500), (500, 2300)):
        told = {"dimension": dimension, "levels": 7}
        save(folder, f"d{dimension}", 6, errors=errors, family="subspace", settings=told)
    return {point.name: point for point in points([folder])}


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=300)
    app.run().switch_page("pages/tightest.py")
    for name, value in query.items():
        app.query_params[f"tight_{name}"] = str(value)
    return app.run()


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def shows(app, point):
    """Whether the point is the selected one, with its numbers, here and in the URL."""
    tiles = {metric.label: metric.value for metric in healthy(app).metric}
    return (
        any(text.value.startswith(f"**Selected: {point.name}") for text in app.markdown)
        and tiles["Bound"] == at_most(point.bound)
        and tiles["Bytes"] == f"{point.bytes:,.0f}"
        and tiles["Train error"] == f"{point.error:.2%}"
        and dict(app.query_params).get("tight_point", best(points()).name) == point.name
        and any(text.value == point.certificate.statement_with_architecture for text in app.markdown)
    )


@pytest.mark.usefixtures("folder")
def test_where_nothing_is_recorded_the_page_says_how_to_make_points():
    app = healthy(opened())
    assert f"{RECORD:.1%}" in app.markdown[0].value
    assert [code.value for code in app.code] == [family.command for family in FAMILIES.values()]
    assert len(app.get("plotly_chart")) == 1
    assert not app.metric


def test_the_best_point_leads_and_is_selected(recorded):
    app = opened()
    winner = best(recorded.values())
    assert f"**{at_most(winner.bound)}**" in app.markdown[0].value
    assert shows(app, winner)


def test_a_link_selects_its_point(recorded):
    for name in ("tiny-4-1", "d300"):
        assert shows(opened(point=name), recorded[name])


def test_an_unknown_point_in_a_link_is_named_and_the_best_one_shown(recorded):
    app = opened(point="tiny-99")
    assert any(warning.value.startswith("tight_point must be one of") for warning in app.warning)
    assert shows(app, best(recorded.values()))


def steps(app):
    """By the setting: what goes along recorded runs; nothing there promises to move while it is dragged."""
    assert not [*app.select_slider, *app.slider]
    start = "tight_along_"
    return {group.key.removeprefix(start): group for group in app.button_group if group.key.startswith(start)}


def test_settings_move_along_recorded_runs(recorded):
    app = opened(point="tiny-8-2")
    assert list(steps(app)) == ["width", "price"]
    assert list(steps(app)["width"].options) == ["4", "8"]
    steps(app)["price"].set_value(1.0).run()
    assert shows(app, recorded["tiny-8-1"])
    steps(app)["width"].set_value(4).run()
    assert shows(app, recorded["tiny-4-1"])
    assert list(steps(app)) == ["width"]
    steps(app)["width"].set_value(8).run()
    assert shows(app, recorded["tiny-8-1"])


def test_another_family_is_entered_at_its_best_point_and_has_settings_of_its_own(recorded):
    app = opened(point="tiny-4-1")
    family = next(group for group in app.button_group if group.key == "tight_family")
    family.set_value("subspace").run()
    assert shows(app, best(point for point in recorded.values() if point.family == "subspace"))
    assert list(steps(app)) == ["dimension"]
    steps(app)["dimension"].set_value(300).run()
    assert shows(app, recorded["d300"])


@pytest.mark.usefixtures("recorded")
def test_the_whole_network_is_the_first_thing_to_see():
    app = healthy(opened(point="tiny-8-1"))
    (picture,) = app.get("image")
    assert f"{architecture('tiny-8').parameters:,} numbers" in picture.proto.imgs[0].alt


def test_the_ledger_sums_to_the_bytes(recorded):
    app = healthy(opened(point="tiny-8-1", show="Bytes"))
    table = app.dataframe[0].value
    certificate = recorded["tiny-8-1"].certificate
    assert len(table) == len(certificate.ledger.charges) + 3
    code, described, total = table["bits"].iloc[-3:]
    assert code == pytest.approx(8 * recorded["tiny-8-1"].bytes)
    assert described == certificate.architecture_bits == total - code
    assert any("The architecture in bits: pixels from 0 to 1 (1)" in caption.value for caption in app.caption)


@pytest.mark.usefixtures("recorded")
def test_mistakes_say_how_to_get_the_images_where_they_are_absent():
    app = healthy(opened(show="Mistakes"))
    assert any("python -m pacviz data --download mnist" in message.value for message in app.info)
    assert {button.key for button in app.button} == {"projector"}


@pytest.mark.usefixtures("recorded")
def test_the_certificate_comes_with_the_commands_that_make_and_check_it():
    app = healthy(opened(point="tiny-8-1", show="Certificate"))
    assert [code.value for code in app.code] == ["python -m pacviz verify tiny-8-1.pacviz"]
    assert any("python -m pacviz make tiny-8-1" in caption.value for caption in app.caption)
    assert app.latex


def test_a_broken_file_is_told_and_does_not_stand_in_the_way(recorded, folder):
    (folder / "broken.pacviz").write_bytes(b"nothing of the kind")
    app = opened()
    assert any("broken.pacviz is left out" in warning.value for warning in app.warning)
    assert shows(app, best(recorded.values()))


@pytest.mark.usefixtures("recorded")
def test_a_wrong_panel_in_a_link_is_named():
    app = healthy(opened(show="Weights"))
    assert any(warning.value.startswith("tight_show must be one of Network") for warning in app.warning)


def test_what_is_only_claimed_is_neither_headline_nor_star_and_says_so(recorded, folder):
    save(folder, "forged", 8, 1.0, errors=0, verified=False)
    winner = best(recorded.values())
    app = opened()
    assert f"**{at_most(winner.bound)}**" in app.markdown[0].value
    assert shows(app, winner)
    assert list(app.selectbox(key="tight_claims").options) == ["forged"]
    app.selectbox(key="tight_claims").set_value("forged").run()
    healthy(app)
    assert any(text.value.startswith("**Selected: forged**") for text in app.markdown)
    assert any("claimed, not verified" in text.value for text in app.markdown)
    assert not app.metric
    assert not any("below" in text.value for text in app.markdown[1:])
    for panel in ("Network", "Bytes", "Certificate"):
        assert not any(" is below " in text.value for text in healthy(opened(point="forged", show=panel)).markdown)


def test_what_the_maker_of_a_file_tells_is_plain_text_without_weight(folder):
    note = "![x](http://127.0.0.1:1/x.png) **certified below 0.1 %** [click](http://127.0.0.1:1)"
    save(folder, "told", 8, 1.0, settings={"note": note})
    app = healthy(opened(point="told", show="Certificate"))
    [shown] = [text.value for text in app.markdown if "certified below 0.1" in text.value]
    assert plain(note) in shown
    assert "**" not in shown


def test_where_everything_is_only_claimed_there_is_no_certificate_in_the_headline(folder):
    save(folder, "forged", 8, 1.0, errors=0, verified=False)
    app = healthy(opened())
    assert "11.6" in app.markdown[0].value
    assert "claimed and not verified" in app.markdown[1].value


@pytest.mark.usefixtures("recorded")
def test_a_strangers_text_is_shown_letter_by_letter(folder):
    note = "![x](http://127.0.0.1:9911/pixel.png) **certified below 0.1 %** [click](http://127.0.0.1:9911/)"
    save(folder, "stranger", 8, errors=1_600, settings={"width": 11, note: note, "price": 3.0})
    app = healthy(opened(point="stranger", show="Certificate"))
    shown = " ".join(text.value for text in (*app.markdown, *app.caption))
    assert "certified below 0.1" in shown
    assert "**certified" not in shown
    assert "](http" not in shown.replace("\\](http", "")
