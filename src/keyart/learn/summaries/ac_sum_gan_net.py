"""The networks of AC-SUM-GAN (Apostolidis et al., TCSVT 2020); importing this needs torch.

    features -> compressed -> [State Generator] -> worth of each frame -> mean in each of M fragments = first state
                                                                                |
             state with one more fragment at 1  <-  one fragment of M  <-  [Actor]  ([Critic]: what the state promises)

What is picked so far goes through [Encoder] and [Decoder]; how near the [Discriminator] finds the rebuilt video to the
whole one is the reward. Left after training: compression, State Generator and Actor, here one `Summariser`.
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Sizes:
    features: int
    hidden: int
    fragments: int
    picks: int
    layers: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """One game for each video of a batch: N picks, one after another."""

    states: Tensor
    """(batch, N, M): what the Actor saw before each pick."""
    log_probabilities: Tensor
    """(batch, N): of the picks."""
    entropies: Tensor
    """(batch, N): of the choices."""
    kept: Tensor
    """(batch, N, n): 1 at frames of the fragments picked so far, 0 elsewhere."""


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Four linear layers, as the Actor and the Critic have them."""
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.ReLU(),
        nn.Linear(hidden, hidden), nn.ReLU(),
        nn.Linear(hidden, hidden), nn.ReLU(),
        nn.Linear(hidden, outputs),
    )  # fmt: skip


def membership(frames: int, fragments: int, like: Tensor) -> Tensor:
    """(n, M): 1 where a frame lies in a fragment; fragments are even, in short videos some are empty."""
    number = torch.arange(frames, device=like.device) * fragments // frames
    return (number[:, None] == torch.arange(fragments, device=like.device)).to(like.dtype)


class Summariser(nn.Module):
    """Features (batch, n, d) -> importance (batch, n) in 0 ... 1: what is served."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.compress = nn.Linear(sizes.features, sizes.hidden)
        self.state_generator = nn.LSTM(
            sizes.hidden, sizes.hidden, num_layers=sizes.layers, bidirectional=True, batch_first=True
        )
        self.to_worth = nn.Linear(2 * sizes.hidden, 1)
        self.actor = perceptron(sizes.fragments, sizes.hidden, sizes.fragments)

    def forward(self, features: Tensor) -> Tensor:
        """The Actor's best picks in their order fall from 1 to above 1/2; every other frame has half its worth."""
        _, worth = self.worth(features)
        member = membership(features.shape[1], self.sizes.fragments, worth)
        state, taken = first_state(worth, member)
        value = torch.zeros_like(state)
        for place in range(self.sizes.picks):
            best = self.logits(state, taken).argmax(dim=1, keepdim=True)
            chosen = torch.zeros_like(state).scatter(1, best, 1.0) * (1 - taken)
            value = value + chosen * (1 - place / (2 * self.sizes.picks))
            state, taken = torch.maximum(state, chosen), torch.maximum(taken, chosen)
        of_frame = value @ member.T
        return torch.where(of_frame > 0, of_frame, worth / 2)

    def worth(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Compressed features (batch, n, hidden), and what the State Generator gives each frame, (batch, n)."""
        compressed = self.compress(features)
        hidden, _ = self.state_generator(compressed)
        return compressed, torch.sigmoid(self.to_worth(hidden)).squeeze(-1)

    def logits(self, state: Tensor, taken: Tensor) -> Tensor:
        """Of the next pick; a fragment is picked once."""
        return self.actor(state).masked_fill(taken > 0, torch.finfo(state.dtype).min)

    def play(self, worth: Tensor) -> Game:
        """Picks drawn from the Actor's distribution; gradients reach the State Generator through the states."""
        member = membership(worth.shape[1], self.sizes.fragments, worth)
        state, taken = first_state(worth, member)
        picked = torch.zeros_like(taken)
        states, logs, entropies, kept = [], [], [], []
        for _ in range(self.sizes.picks):
            choice = torch.distributions.Categorical(logits=self.logits(state, taken), validate_args=False)
            pick = choice.sample()
            chosen = torch.zeros_like(state).scatter(1, pick[:, None], 1.0)
            states.append(state)
            logs.append(choice.log_prob(pick))
            entropies.append(choice.entropy())
            state, taken = torch.maximum(state, chosen), torch.maximum(taken, chosen)
            picked = torch.maximum(picked, chosen)
            kept.append(picked @ member.T)
        return Game(torch.stack(states, 1), torch.stack(logs, 1), torch.stack(entropies, 1), torch.stack(kept, 1))


def first_state(worth: Tensor, member: Tensor) -> tuple[Tensor, Tensor]:
    """Mean worth of each fragment, (batch, M), and 1 where a fragment is empty and so can not be picked."""
    frames = member.sum(dim=0)
    empty = (frames == 0).to(worth.dtype)
    return worth @ member / frames.clamp(min=1), empty.expand(worth.shape[0], -1)


def remembering(inputs: int, hidden: int, layers: int) -> nn.LSTM:
    """An LSTM whose forget gates start open (bias 2): else the last few frames alone decide what it ends with."""
    lstm = nn.LSTM(inputs, hidden, num_layers=layers, batch_first=True)
    for layer in range(layers):
        bias = getattr(lstm, f"bias_ih_l{layer}")
        nn.init.constant_(bias.data[hidden : 2 * hidden], 2.0)  # gates: input, forget, cell, output
    return lstm


class Encoder(nn.Module):
    """A sequence (batch, n, hidden) -> mean and logarithm of the variance of its code, each (batch, hidden)."""

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = remembering(hidden, hidden, layers)
        self.mean, self.log_variance = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)

    def forward(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        _, (last, _) = self.lstm(sequence)
        return self.mean(last[-1]), self.log_variance(last[-1])


class Decoder(nn.Module):
    """A code (batch, hidden) -> a sequence (batch, n, hidden); the code is read at every step."""

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = remembering(hidden, hidden, layers)
        self.out = nn.Linear(hidden, hidden)

    def forward(self, code: Tensor, frames: int) -> Tensor:
        hidden, _ = self.lstm(code[:, None].expand(-1, frames, -1))
        out: Tensor = self.out(hidden)
        return out


class Discriminator(nn.Module):
    """A sequence (batch, n, hidden) -> its last hidden state (batch, hidden), and how original it looks, (batch,)."""

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = remembering(hidden, hidden, layers)
        self.out = nn.Linear(hidden, 1)

    def forward(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        _, (last, _) = self.lstm(sequence)
        return last[-1], torch.sigmoid(self.out(last[-1])).squeeze(-1)
