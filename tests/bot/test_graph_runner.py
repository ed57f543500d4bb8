"""Rasa's graph run straight gives what Rasa's own runner gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import RasaException

from bot.graph_runner import StraightRunner

ran: list[str] = []


class Adds(GraphComponent):
    """Adds up, puts together, or fails."""

    def __init__(self, own: int, name: str) -> None:
        self._own, self._name = own, name

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Adds:
        return cls(config["own"], execution_context.node_name or "")

    def one(self, left: int) -> int:
        ran.append(self._name)
        return self._own + left

    def join(self, left: int, right: int) -> str:
        ran.append(self._name)
        return f"{left}-{right}"

    def fail(self, left: int) -> int:
        raise ValueError(left)

    def fail_as_rasa_does(self, left: int) -> int:
        raise RasaException(str(left))


def _node(own: int, function: str = "join", target: bool = False, **needs: str) -> SchemaNode:
    return SchemaNode(
        needs=needs,
        uses=Adds,
        constructor_name="create",
        fn=function,
        config={"own": own},
        eager=True,
        is_target=target,
    )


SCHEMA = GraphSchema(
    {
        "last": _node(0, "join", target=True, left="middle", right="first"),
        "middle": _node(2, "one", left="first"),
        "first": _node(1, "one", left="__message__"),
        "aside": _node(5, "one", left="__tracker__"),
        "fails": _node(0, "fail", left="first"),
        "fails_as_rasa": _node(0, "fail_as_rasa_does", left="first"),
    }
)


@pytest.fixture(params=[DaskGraphRunner, StraightRunner])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> GraphRunner:
    ran.clear()
    made: GraphRunner = request.param.create(SCHEMA, LocalModelStorage.create(tmp_path), ExecutionContext(SCHEMA))
    return made


def test_targets_get_what_they_need_and_nothing_else_is_run(runner: GraphRunner) -> None:
    for message in (10, 20):  # the second time in an order that is known
        ran.clear()
        assert runner.run({"__message__": message}) == {"last": f"{message + 3}-{message + 1}"}
        assert ran == ["first", "middle", "last"]
    assert runner.run({"__message__": 1, "__tracker__": 4}, ["aside", "middle"]) == {"aside": 9, "middle": 4}


def test_what_is_given_stands_for_a_component_of_the_same_name(runner: GraphRunner) -> None:
    assert runner.run({"__message__": 1, "middle": 7}) == {"last": "7-2"}
    assert "middle" not in ran


@pytest.mark.parametrize(("target", "said"), [("fails", GraphComponentException), ("fails_as_rasa", RasaException)])
def test_a_component_that_fails_is_told_alike(runner: GraphRunner, target: str, said: type[Exception]) -> None:
    with pytest.raises(said):
        runner.run({"__message__": 1}, [target])


def test_a_missing_input_is_told(runner: GraphRunner) -> None:
    with pytest.raises(GraphRunError, match="Missing input"):
        runner.run({}, ["first"])
