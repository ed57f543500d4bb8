"""Rasa's graph of components, run in its order one after the other.

Rasa hands its graph to dask at every run, three times a message. dask looks for the order anew, guards itself against
threads that there are none of, and keeps books on what is done: a tenth of a whole turn. Which components there are,
and what each is given, stays Rasa's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import Any

from rasa.core.agent import Agent
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage

__all__ = ["StraightRunner", "run_straight"]


class StraightRunner(GraphRunner):
    """Takes over the components that a runner of Rasa's has made."""

    def __init__(self, made: DaskGraphRunner) -> None:
        self._schema: GraphSchema = made._graph_schema
        self._nodes: dict[str, GraphNode] = made._instantiated_nodes
        self._orders: dict[tuple[str, ...], list[tuple[str, GraphNode, tuple[str, ...]]]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> StraightRunner:
        """Make the components, as Rasa's runner does."""
        return cls(DaskGraphRunner.create(graph_schema, model_storage, execution_context, hooks))

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Run what the targets need, and give what they gave, by name.

        Raises:
            GraphRunError: a component failed; other errors are those that Rasa's own runner lets through.
        """
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        found = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, node, needs in self._orders[wanted]:
                if name not in found:
                    found[name] = node(*(found.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(found[name] for name in wanted)

    def _order(self, targets: Sequence[str]) -> list[tuple[str, GraphNode, tuple[str, ...]]]:
        schema = self._schema.minimal_graph_schema(list(targets))
        needs = {name: tuple(node.needs.values()) for name, node in schema.nodes.items()}
        order = TopologicalSorter(needs).static_order()
        return [(name, self._nodes[name], needs[name]) for name in order if name in needs]


def run_straight(agent: Agent) -> None:
    """Let an agent that is loaded run its graph straight. One whose runner is not Rasa's usual one stays as it is."""
    processor = agent.processor
    if processor is not None and type(processor.graph_runner) is DaskGraphRunner:
        processor.graph_runner = StraightRunner(processor.graph_runner)
