"""``python -m bot.deep.trainer FOLDER``: trains one job, in an environment that has torch, into ``FOLDER/result``.

Each epoch is kept, the last two of them: broken off, it goes on where the last whole epoch ended, with the same numbers
as if it had not been. One line of progress at a time goes to standard output. Exit status 0: done; 130: broken off.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from bot.deep.job import RESULT, BadFolder, Job, Recipe, read_folder, write_folder
from bot.deep.network import Network

__all__ = ["main", "train"]

_MIXED = 50
"""Batches whose examples are sorted by length together: batches of one length cost no padding, and are still mixed."""
_LINE_S = 60.0
"""Seconds between two lines of progress within an epoch."""
_NICE = 10
"""It takes what the machine has left: the bot goes on answering visitors meanwhile."""
_AT_ONCE = 64
"""Examples in a batch that nothing is learnt from."""
_KEPT = 2
"""Epochs on disk: the last, and the one before it for the case that the last was cut short."""


def main(given: Sequence[str]) -> int:
    """Run one job; see the module."""
    if len(given) != 1:
        print("usage: python -m bot.deep.trainer FOLDER", file=sys.stderr)
        return 2
    os.nice(_NICE)
    try:
        train(Path(given[0]))
    except BadFolder as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def train(folder: Path) -> None:
    """Train the job in ``folder`` unless its result is there and whole.

    Raises:
        BadFolder: the job is damaged.
    """
    try:
        read_folder(folder / RESULT)
    except BadFolder:
        pass
    else:
        return
    job = Job.read(folder)
    torch.manual_seed(job.recipe.seed)
    network = Network(job.tensors, job.heads, job.epsilon, job.topics, job.recipe.dropout, job.recipe.frozen)
    optimiser = torch.optim.AdamW(_groups(network, job.recipe), weight_decay=job.recipe.weight_decay, fused=True)
    began = _resume(folder, network, optimiser)
    plain = _based(network, job.examples.ids, job.examples.ends)
    for epoch in range(began, job.recipe.epochs):
        cut = _based(network, *job.examples.of(epoch)) if len(job.examples.cuts) else plain
        _epoch(job, cut, plain, network, optimiser, epoch)
        _keep(folder, network, optimiser, epoch + 1)
    scores = _scores(network, plain, np.flatnonzero(job.examples.held_out))
    write_folder(folder / RESULT, {"epochs": job.recipe.epochs}, {"network": network.tensors(), "scores": scores})
    for path in _kept(folder):
        path.unlink()


def _groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters with their rates: the lower a layer, the less it needs to change."""
    groups: list[dict[str, Any]] = [{"params": [*network.head.parameters()], "full": recipe.head_rate}]
    depth = len(network.layers)
    for number, layer in enumerate(network.layers):
        if number < network.frozen:
            continue
        rate = recipe.rate * recipe.decay ** (depth - 1 - number)
        groups.append({"params": [item for item in layer.parameters() if item.ndim > 1], "full": rate})
        plain = [item for item in layer.parameters() if item.ndim == 1]
        groups.append({"params": plain, "full": rate, "weight_decay": 0.0})
    return groups


@dataclass(frozen=True)
class _Base:
    """What stands below the layers that learn, for all examples: ``states`` (all tokens, hidden) in half precision,
    ``ends`` (examples + 1,) where each example begins and ends."""

    states: Tensor
    ends: npt.NDArray[np.int64]

    def padded(self, chosen: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Some examples: (examples, tokens, hidden), and their lengths."""
        kept = [np.arange(self.ends[example], self.ends[example + 1]) for example in chosen]
        lengths = np.array([len(rows) for rows in kept], np.int64)
        states = torch.zeros(len(chosen), int(lengths.max()), self.states.shape[1])
        for row, rows in enumerate(kept):
            states[row, : len(rows)] = self.states[torch.from_numpy(rows)]
        return states, torch.from_numpy(lengths)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each example."""
        return np.diff(self.ends)


def _based(network: Network, tokens: npt.NDArray[Any], ends: npt.NDArray[Any]) -> _Base:
    """Computed once, for it does not change while the layers above learn."""
    network.eval()
    ends = ends.astype(np.int64)
    states = torch.zeros(int(ends[-1]), network.words.shape[1], dtype=torch.float16)
    order = np.argsort(np.diff(ends), kind="stable")
    for start in range(0, len(order), _AT_ONCE):
        chosen = order[start : start + _AT_ONCE]
        lengths = np.diff(ends)[chosen]
        ids = np.zeros((len(chosen), int(lengths.max())), np.int64)
        for row, example in enumerate(chosen):
            ids[row, : lengths[row]] = tokens[ends[example] : ends[example + 1]]
        found = network.base(torch.from_numpy(ids), torch.from_numpy(lengths))
        for row, example in enumerate(chosen):
            states[ends[example] : ends[example + 1]] = found[row, : lengths[row]].half()
    return _Base(states, ends)


def _epoch(job: Job, base: _Base, plain: _Base, network: Network, optimiser: torch.optim.Optimizer, epoch: int) -> None:
    """Once over all examples that are trained on; those held out are tried as they are usually cut (``plain``).
    Where both cuttings are to agree (``recipe.agreement``), each example is learnt from in both. Everything by chance
    follows from the seed and the epoch."""
    recipe, examples = job.recipe, job.examples
    known = np.flatnonzero(~examples.held_out)
    torch.manual_seed(recipe.seed * 1000 + epoch)
    generator = np.random.default_rng([recipe.seed, epoch])
    batches = list(_batches(base.lengths, known, recipe.batch, generator))
    total = len(batches) * recipe.epochs
    network.train()
    began = said = time.monotonic()
    cost = 0.0
    for number, chosen in enumerate(batches):
        done = (epoch * len(batches) + number) / total
        slope = min((done + 1 / total) / recipe.warm_up if recipe.warm_up else 1.0, (1 - done) / (1 - recipe.warm_up))
        for group in optimiser.param_groups:
            group["lr"] = group["full"] * slope
        views = [network(*cut.padded(chosen)) for cut in ((base, plain) if recipe.agreement else (base,))]
        loss = _loss(views, torch.from_numpy(examples.labels[chosen].astype(np.int64)), recipe)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        cost += loss.item()
        now = time.monotonic()
        if now - said >= _LINE_S:
            said = now
            left = (now - began) / (number + 1) * (total - epoch * len(batches) - number - 1)
            _say(
                f"epoch {epoch + 1} of {recipe.epochs}: {number + 1} of {len(batches)}, about {left / 60:.0f} min left"
            )
    line = f"epoch {epoch + 1} of {recipe.epochs}: loss {cost / max(1, len(batches)):.3f}"
    kept = np.flatnonzero(examples.held_out)
    if len(kept):
        scores = _scores(network, plain, kept)
        right = float(np.mean(scores["decisions"].argmax(axis=1) == examples.labels[kept]))
        line += f", {100 * right:.1f} % right on {len(kept)} held-out examples"
    _say(f"{line} ({time.monotonic() - began:.0f} s)")


def _loss(views: Sequence[Tensor], labels: Tensor, recipe: Recipe) -> Tensor:
    """Of one batch, each view of it (examples, topics) from another cutting and with other values dropped: the mean of
    the cross entropies, and of two views how far they are apart (multi-view subword regularisation, Wang, Ruder and
    Neubig 2021, equation 3; the divergence in both directions, as in R-Drop, Liang et al. 2021)."""
    loss = torch.stack(
        [functional.cross_entropy(view, labels, label_smoothing=recipe.smoothing) for view in views]
    ).mean()
    if len(views) == 1:
        return loss
    one, other = (functional.log_softmax(view, dim=1) for view in views)
    apart = (
        functional.kl_div(one, other, reduction="batchmean", log_target=True)
        + functional.kl_div(other, one, reduction="batchmean", log_target=True)
    ) / 2
    return loss + recipe.agreement * apart


def _batches(
    lengths: npt.NDArray[np.int64], chosen: npt.NDArray[np.int64], size: int, generator: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Examples in batches of about one length, in an order by chance."""
    order = generator.permutation(chosen)
    found = []
    for start in range(0, len(order), size * _MIXED):
        part = order[start : start + size * _MIXED]
        part = part[np.argsort(lengths[part], kind="stable")]
        found += [part[first : first + size] for first in range(0, len(part), size)]
    for place in generator.permutation(len(found)):
        yield found[place]


def _scores(network: Network, base: _Base, chosen: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """Decision values of examples that were held out: (examples, topics), and which they are."""
    network.eval()
    decisions = np.zeros((len(chosen), network.head.out_features), np.float32)
    order = chosen[np.argsort(base.lengths[chosen], kind="stable")]
    place = {int(example): row for row, example in enumerate(chosen)}
    with torch.no_grad():
        for start in range(0, len(order), _AT_ONCE):
            part = order[start : start + _AT_ONCE]
            rows = [place[int(example)] for example in part]
            decisions[rows] = network(*base.padded(part)).numpy()
    return {"decisions": decisions, "examples": chosen}


def _kept(folder: Path) -> list[Path]:
    """The epochs on disk, last first."""
    return sorted(folder.glob("epoch-*.pt"), reverse=True)


def _keep(folder: Path, network: Network, optimiser: torch.optim.Optimizer, done: int) -> None:
    path = folder / f"epoch-{done:03}.pt"
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        torch.save({"done": done, "network": network.state_dict(), "optimiser": optimiser.state_dict()}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    for other in _kept(folder)[_KEPT:]:
        other.unlink()


def _resume(folder: Path, network: Network, optimiser: torch.optim.Optimizer) -> int:
    """Load the last whole epoch; returns how many are done."""
    for path in _kept(folder):
        try:
            state = torch.load(path, weights_only=True)
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
        except (OSError, RuntimeError, KeyError, EOFError, ValueError) as error:
            _say(f"{path.name} cannot be read ({type(error).__name__}): left")
            continue
        _say(f"going on after epoch {state['done']}")
        return int(state["done"])
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
