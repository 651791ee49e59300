"""AC-SUM-GAN, which learns from videos alone, and the ELM loss on top (Apostolidis et al., TCSVT 2020; D5.4 §3.3, 3.6).

    keyart learn ac-sum-gan --data eccv16_dataset_summe_google_pool5.h5 --out elm --epochs 200 --elm-weight 0.1

An Actor picks fragments of a video, one after another; a variational autoencoder rebuilds the video from the picks; a
Discriminator, which learns to tell rebuilt videos from original ones, says how near they are: that is the reward.
With `elm_weight` the epochs after `elm_after` reward the Actor and the Critic for leaving what they were then. Because
all epochs count alike, the fair baseline of `--epochs 200 --elm-after 100` is `--epochs 200`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyart.errors import BadSetting, MissingExtra
from keyart.learn.protocol import Best
from keyart.learn.sets.values import AnnotatedVideo
from keyart.learn.summaries.pgl_sum_training import Scorer
from keyart.learn.summaries.unsupervised import Features, batches, feature_size, learned, scorer_of
from keyart.learn.training import FREE, Plan, Say, Scores, train
from keyart.settings import check_ranges


@dataclass(frozen=True, slots=True)
class LearnAcSumGan:
    """A summariser that learns from videos alone: actor, critic, adversarial reconstruction; with --elm-weight ELM."""

    data: Path
    """An h5 file of the field (`eccv16_dataset_*`); importance and summaries in it serve the test alone."""
    out: Path
    """Folder for checkpoints, the model and the scores; a run that finds its checkpoints there goes on from them."""
    splits: Path = Path()
    """JSON with train_keys and test_keys of each split; empty: five random ones of 80 % to 20 %."""
    best: Best = "mean"
    """How F1 against several people is one: max as for SumMe, mean as for TVSum."""
    features: str = "googlenet.pool5"
    """What the rows of features are, for the card: who serves the model must make the same."""
    epochs: int = 100
    """Times through the training videos, 1 ... 10000; with ELM the epochs of both phases."""
    elm_weight: float = 0.0
    """λ of equations 5 and 6, 0 ... 100; 0: no ELM."""
    elm_after: int = 0
    """K: epochs before the reference is taken; 0: half of all."""
    hidden: int = 512
    """Units of every recurrent and linear layer, 1 ... 8192."""
    layers: int = 2
    """Of each LSTM, 1 ... 8."""
    fragments: int = 60
    """M: parts of a video that the Actor picks from, 2 ... 1000."""
    picks_share: float = 0.15
    """Share of the fragments that is picked, more than 0 up to 1."""
    sigma: float = 0.5
    """Mean worth that the regularisation holds the frames to, 0 ... 1; the paper tries 0.1 ... 1."""
    prior_weight: float = 1.0
    """Of the code's divergence from its prior, 0 ... 100; too much of it and the code says nothing."""
    discount: float = 0.99
    """Of later rewards, 0 ... 1."""
    entropy_weight: float = 0.1
    """Of the Actor's entropy, which keeps it trying, 0 ... 10."""
    learning_rate: float = 1e-4
    """Of the Actor's, the State Generator's and the Critic's Adam, more than 0 up to 1."""
    rebuilding_rate: float = 1e-4
    """Of the encoder's and the decoder's Adam, more than 0 up to 1."""
    discriminator_rate: float = 1e-5
    """Of the Discriminator's Adam, more than 0 up to 1."""
    max_norm: float = 5.0
    """To which longer gradients are cut."""
    batch: int = 40
    """Videos in one step, 1 ... 1024; only videos of one length share a step."""
    checkpoint_steps: int = 0
    """Steps between checkpoints within an epoch; one is written after each epoch anyway."""
    seed: int = 0
    """For the splits, the weights, the order of videos, the picks."""

    def __post_init__(self) -> None:
        check_ranges(
            self, epochs=(1, 10_000), elm_weight=(0, 100), elm_after=(0, 10_000), hidden=(1, 8192), layers=(1, 8),
            fragments=(2, 1000), picks_share=(1e-12, 1), sigma=(0, 1), prior_weight=(0, 100), discount=(0, 1),
            entropy_weight=(0, 10), learning_rate=(1e-12, 1), rebuilding_rate=(1e-12, 1),
            discriminator_rate=(1e-12, 1), batch=(1, 1024),
        )  # fmt: skip
        if self.elm_weight and not self.reference_epoch < self.epochs:
            raise BadSetting(f"elm_after is {self.elm_after}: no epoch of {self.epochs} is left for the second phase")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/ac-sum-gan.json`.

        Raises `MissingFile`, `MissingExtra`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        halves = bool(self.elm_weight) and not self.elm_after  # then K depends on how many epochs there are
        return learned(self, "ac-sum-gan", say, [name for name in FREE if not (halves and name == "epochs")])

    @property
    def reference_epoch(self) -> int:
        """K."""
        return self.elm_after or self.epochs // 2

    @property
    def picks(self) -> int:
        """N."""
        return max(1, round(self.picks_share * self.fragments))

    def learner(self, videos: Sequence[Features]) -> AcSumGan:
        """Networks and optimisers for these videos' features, each (n, d). Raises `MissingExtra`, `BadSetting`."""
        try:
            import torch
        except ImportError as err:
            raise MissingExtra("torch", extra="learn") from err
        torch.manual_seed(self.seed)
        return AcSumGan(self, videos)


class AcSumGan:
    """One step: the autoencoder learns from what was picked, then the Discriminator, then Actor and Critic."""

    def __init__(self, recipe: LearnAcSumGan, videos: Sequence[Features]) -> None:
        from torch.optim import Adam

        from keyart.learn.summaries import ac_sum_gan_net as net
        from keyart.models.hub import device

        self.recipe, self.videos = recipe, list(videos)
        self.reference: dict[str, list[Any]] = {}
        hidden, layers = recipe.hidden, recipe.layers
        sizes = net.Sizes(feature_size(videos), hidden, recipe.fragments, recipe.picks, layers)
        self.modules: dict[str, Any] = {
            "summariser": net.Summariser(sizes),
            "critic": net.perceptron(recipe.fragments, hidden, 1),
            "encoder": net.Encoder(hidden, layers),
            "decoder": net.Decoder(hidden, layers),
            "discriminator": net.Discriminator(hidden, layers),
        }
        rates = dict.fromkeys(("encoder", "decoder"), recipe.rebuilding_rate)
        rates["discriminator"] = recipe.discriminator_rate
        self.optimisers: dict[str, Any] = {
            name: Adam(one.to(device()).parameters(), lr=rates.get(name, recipe.learning_rate))
            for name, one in self.modules.items()
        }
        self.schedulers: dict[str, Any] = {}
        self.network, self.device = self.modules["summariser"], device()

    def epoch(self, number: int) -> Sequence[Features]:
        """Batches (b, n, d) of videos of one length."""
        if self.recipe.elm_weight and number == self.recipe.reference_epoch and not self.reference:
            self._take_reference()
        return batches(self.videos, self.recipe.batch, self.recipe.seed, number)

    def step(self, item: Features) -> Scores:
        import torch

        summariser = self.modules["summariser"]
        compressed, worth = summariser.worth(torch.from_numpy(item).to(self.device))
        game = summariser.play(worth)
        videos, kept = compressed.detach(), game.kept
        partial = (videos[:, None] * kept[..., None]).flatten(0, 1)
        rebuilt, distance, losses = self._rebuild(videos, partial, kept.shape[1])
        losses |= self._judge(videos, rebuilt)
        losses |= self._play(game, worth, 1 - distance.view(kept.shape[:2]))
        return losses

    def validate(self) -> Scores:
        return {}

    def state(self) -> dict[str, Any]:
        return {"reference": self.reference}

    def restore(self, state: dict[str, Any]) -> None:
        self.reference = {name: [one.to(self.device) for one in rows] for name, rows in state["reference"].items()}

    def _take_reference(self) -> None:
        from keyart.learn.summaries.elm import reference_of

        self.reference = {name: reference_of(agent) for name, agent in self._agents().items()}

    def _agents(self) -> dict[str, Any]:
        return {"actor": self.modules["summariser"].actor, "critic": self.modules["critic"]}

    def _rebuild(self, videos: Any, partial: Any, picks: int) -> tuple[Any, Any, dict[str, Any]]:
        """The encoder learns from prior and reconstruction, the decoder from reconstruction and the Discriminator."""
        import torch

        encoder, decoder, discriminator = (self.modules[name] for name in ("encoder", "decoder", "discriminator"))
        mean, log_variance = encoder(partial)
        code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        rebuilt = decoder(code, partial.shape[1])
        with torch.no_grad():
            whole, _ = discriminator(videos)
        seen, original = discriminator(rebuilt)
        distance = (seen - whole.repeat_interleave(picks, 0)).norm(dim=1)
        prior = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).mean()
        reconstruction, fooled = distance.mean(), ((1 - original) ** 2).mean()
        self._descend("encoder", self.recipe.prior_weight * prior + reconstruction, retain=True)
        self._descend("decoder", reconstruction + fooled)
        return rebuilt.detach(), distance.detach(), {"prior": prior, "reconstruction": reconstruction, "fooled": fooled}

    def _judge(self, videos: Any, rebuilt: Any) -> dict[str, Any]:
        """Labels: 1 for the original, 0 for the rebuilt; squared errors, one update for each, as the paper does."""
        discriminator = self.modules["discriminator"]
        original = ((1 - discriminator(videos)[1]) ** 2).mean()
        self._descend("discriminator", original)
        summary = (discriminator(rebuilt)[1] ** 2).mean()
        self._descend("discriminator", summary)
        return {"original": original, "summary": summary}

    def _play(self, game: Any, worth: Any, rewards: Any) -> dict[str, Any]:
        """Advantage actor-critic; the regularisation σ and the Actor's loss reach the State Generator too."""
        values = self.modules["critic"](game.states.detach()).squeeze(-1)
        advantages = discounted(rewards, self.recipe.discount) - values
        critic = (advantages**2).mean()
        actor = -(game.log_probabilities * advantages.detach()).mean()
        actor = actor - self.recipe.entropy_weight * game.entropies.mean()
        sparsity = (worth.mean(dim=1) - self.recipe.sigma).square().mean()
        found = {"actor": actor, "critic": critic, "sparsity": sparsity, "reward": rewards.mean()}
        self._descend("summariser", self._away("actor", actor) + sparsity)
        self._descend("critic", self._away("critic", critic))
        return found

    def _away(self, agent: str, loss: Any) -> Any:
        """Equations 5 and 6, in the second phase."""
        from keyart.learn.summaries.elm import with_elm

        if not self.reference:
            return loss
        return with_elm(loss, self._agents()[agent], self.reference[agent], self.recipe.elm_weight)

    def _descend(self, name: str, loss: Any, *, retain: bool = False) -> None:
        """One update of this module alone."""
        import torch

        parameters = list(self.modules[name].parameters())
        for one, gradient in zip(parameters, torch.autograd.grad(loss, parameters, retain_graph=retain), strict=True):
            one.grad = gradient
        torch.nn.utils.clip_grad_norm_(parameters, self.recipe.max_norm)
        self.optimisers[name].step()


def discounted(rewards: Any, discount: float) -> Any:
    """(batch, N) rewards -> what each step and all after it bring: R_k = r_k + γ R_(k+1)."""
    import torch

    total, found = torch.zeros_like(rewards[:, 0]), []
    for place in range(rewards.shape[1] - 1, -1, -1):
        total = rewards[:, place] + discount * total
        found.append(total)
    return torch.stack(found[::-1], dim=1)


def summariser(videos: Sequence[AnnotatedVideo], seed: int = 0, **settings: Any) -> Scorer:
    """AC-SUM-GAN trained on these videos' features."""
    recipe = LearnAcSumGan(Path(), Path(), seed=seed, **settings)
    learner = recipe.learner([one.features for one in videos])
    train(learner, Plan(recipe.epochs, seed))
    return scorer_of(learner.network)


def summariser_with_elm(videos: Sequence[AnnotatedVideo], seed: int = 0, **settings: Any) -> Scorer:
    """The same with the ELM loss in the second half of the epochs (D5.4: 200 in all)."""
    return summariser(videos, seed, **{"epochs": 200, "elm_weight": 0.1, **settings})
