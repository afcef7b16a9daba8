"""Tools for assistants: the exchange with a real client, the limits, and nothing written but figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import immunode as im
from immunode.app.tool_server import Desk, ToolError, check_arguments

pytest.importorskip("mcp")


def exchange(folder: Path, calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[str], list[Any]]:
    """Return the names of the tools and the answers to the calls, over standard input and output of the command."""
    import anyio
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    async def talk() -> tuple[list[str], list[Any]]:
        command = StdioServerParameters(command=sys.executable, args=["-m", "immunode", "mcp", "--out", str(folder)])
        async with stdio_client(command) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            return tools, [await session.call_tool(name, given) for name, given in calls]

    return anyio.run(talk)


@pytest.mark.slow
def test_a_client_lists_shows_simulates_draws_and_is_told_its_mistakes(tmp_path: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("list_models", {"system": "asthma"}),
        ("simulate", {"model": "kuznetsov1994", "arms": ["control", "cytostatic"], "until": "50"}),
        ("simulate", {"model": "kuznetsov1994", "arms": ["cytostatik"]}),
        ("figure", {"model": "kuznetsov1994", "file": "tumor.png", "arms": ["control", "cytostatic"]}),
        ("simulate", {"model": "../evil.py"}),
        ("sweep", {"model": "kuznetsov1994", "set": {"a": 1.0}}),
        ("simulate", {"model": "kuznetsov1994", "arms": "control"}),
        ("show_model", {"model": "sove2020"}),
    ]
    tools, (listed, ran, mistaken, drawn, refused, unknown, kind, large) = exchange(tmp_path / "out", calls)
    assert tools == ["list_models", "list_drugs", "show_model", "show_drug", "simulate", "sweep", "validate", "figure"]
    assert "jin2025" in "".join(part.text for part in listed.content)
    rows = json.loads(ran.content[0].text)["rows"]
    model = im.load_model("kuznetsov1994")
    truth = im.simulate(model, until=50, interventions="cytostatic", rtol=1e-9).final("T")
    (row,) = [row for row in rows if row["quantity"] == "T" and row["arm"] == "cytostatic"]
    assert row["end"] == pytest.approx(truth, rel=1e-4)
    assert mistaken.is_error
    assert "did you mean 'cytostatic'" in mistaken.content[0].text
    assert drawn.content[0].type == "image"
    assert (tmp_path / "out" / "tumor.png").read_bytes().startswith(b"\x89PNG")
    assert refused.is_error
    assert "name of a model" in refused.content[0].text
    assert unknown.is_error
    assert "sweep: unknown argument 'set'" in unknown.content[0].text
    assert "settings" in unknown.content[0].text
    assert kind.is_error
    assert kind.content[0].text.endswith("simulate: 'arms': Input should be a valid list")
    shown = json.loads(large.content[0].text)
    assert len(shown["classes"]) == 10
    assert shown["classes_left_out"] == len(im.load_model("sove2020").classes) - 10
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tumor.png"]


def test_an_argument_that_a_tool_does_not_have_is_refused() -> None:
    known = ["model", "arms", "until", "settings"]
    check_arguments("simulate", known, ["model", "settings"])
    with pytest.raises(
        ToolError, match=r"simulate: unknown argument 'setings'; did you mean 'settings'.*; it has model"
    ):
        check_arguments("simulate", known, ["model", "setings"])


def test_an_unknown_arm_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(ToolError, match="it declares sarilumab_150, sarilumab_200"):
        Desk().simulate("ma2020", arms=["zzz"])


@pytest.mark.slow
def test_a_sweep_is_the_shells() -> None:
    asked = {"model": "jin2025", "arms": ["benralizumab_q8w"], "endpoints": ["at(FEV1, 20 days)"]}
    answer = Desk().sweep(**asked, patients=30, until="30 days", seed=3)  # type: ignore[arg-type]
    model = im.load_model("jin2025")
    out = im.sweep(
        model, patients=30, seed=3, arms=["benralizumab_q8w"], endpoints=["at(FEV1, 20 days)"], until="30 days"
    )
    assert [row["median"] for row in answer["summary"]] == pytest.approx(list(out.summary()["median"]), rel=1e-9)


@pytest.mark.parametrize("name", ["models/x.py", "x.py", "-h", "--json", "", "a b", "../kuznetsov1994", "x.json"])
def test_no_file_and_no_option_passes_for_a_name(name: str) -> None:
    with pytest.raises(ToolError, match="name of a model"):
        Desk().show_model(name)


@pytest.mark.parametrize("file", ["../x.png", "/tmp/x.png", "x.py", "x", ".png", "a/b.png"])
def test_figures_go_nowhere_else(file: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="a plain name"):
        Desk(tmp_path).figure("kuznetsov1994", file)
    assert not list(tmp_path.iterdir())


def test_size_and_time_are_limited() -> None:
    with pytest.raises(ToolError, match="patients must be from 1 to 5,000"):
        Desk().sweep("kuznetsov1994", patients=5001)
    with pytest.raises(ToolError, match=r"stopped after 0\.05 s"):
        Desk(seconds=0.05).list_models()


def test_drugs_are_found_by_target() -> None:
    names = [one["name"] for one in Desk().list_drugs("TNF")]
    assert "adalimumab" in names
    assert "belimumab" not in names
