"""The review of a package: words, pictures, and whether the two agree, each a stage of its own with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from keyart.errors import BadSetting
from keyart.models import CARDS
from keyart.models.licence import permitted
from keyart.review.agreement import EMBEDDERS, PairEmbedder, cosines, pair_embedder
from keyart.review.pictures import (
    PICTURE_MODERATORS,
    PictureModerator,
    arrays,
    gravest,
    picture_moderator,
    video_arrays,
)
from keyart.review.texts import TEXT_MODERATORS, text_moderators
from keyart.review.verdict import Action, Verdict, softened
from keyart.types import Headline, Outcome, Product, Still, VideoInfo

Verdicts = tuple[Verdict, ...]

REVIEWS = ("words", "pictures", "agreement")
"""Names of the three stages, in the order in which `Review` answers."""

VIDEO = "video"
"""What a verdict on the video itself is about."""
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
_VIDEOS = (".mp4", ".webm")
_NOT_LOOKED_AT = ("storyboard",)
"""Hundreds of small frames on a sheet: the stills stand for them."""


@dataclass(frozen=True, slots=True)
class Review:
    """Whether what was made is fit to be seen (thesis §1), and whether pictures and headlines agree (§2, §5.6)."""

    words: Action = "block"
    """block leaves out headlines, and what carries them; flag only tells; off does not look."""
    pictures: Action = "flag"
    """block leaves out pictures; flag only tells; off does not look."""
    agreement: Action = "flag"
    """block leaves out covers that do not show what they say; flag only tells; off does not look."""
    word_backend: Literal["lists", "classifier", "both"] = "lists"
    """lists are always there; classifier is a model of the hub's."""
    word_model: str = ""
    """Name or folder of another text classifier."""
    picture_backend: str = "auto"
    """auto, classifier (hub) or nudenet (AGPL-3.0, by `keyart models pull nudenet`)."""
    picture_model: str = ""
    """Name or folder of another image classifier."""
    agreement_backend: str = "auto"
    """auto, siglip2, siglip, clip or openclip (hub)."""
    agreement_model: str = ""
    """Name or folder of another CLIP or SigLIP."""
    generated: bool = False
    """Judge the video itself as a generated one, as `keyart judge` does."""
    prompt: str = ""
    """What the video was generated from; it is then judged as a generated one."""
    tau: float | None = None
    """Cosine from which picture and headline agree, -1 ... 1; empty takes the model's own, 0.28 for CLIP."""

    def __post_init__(self) -> None:
        _known("picture_backend", self.picture_backend, PICTURE_MODERATORS)
        _known("agreement_backend", self.agreement_backend, EMBEDDERS)
        if self.word_backend not in (*TEXT_MODERATORS, "both"):
            raise BadSetting(f"no word backend is called {self.word_backend!r}; there are: lists, classifier, both")
        if self.tau is not None and not -1 <= self.tau <= 1:
            raise BadSetting(f"tau is a cosine, -1 to 1, not {self.tau}")

    def __call__(
        self, products: Sequence[Product], headlines: Sequence[Headline] = (), stills: Sequence[Still] = ()
    ) -> tuple[Outcome[Verdicts], Outcome[Verdicts], Outcome[Verdicts]]:
        """The outcomes of `REVIEWS`. Raises what a backend that is asked for by name raises: `MissingModel` ..."""
        return self.judge_words(headlines), self.judge_pictures(products), self.judge_agreement(products, stills)

    # --- the video

    @property
    def judges_video(self) -> bool:
        return self.generated or bool(self.prompt)

    def judge_video(self, info: VideoInfo) -> Outcome[Verdicts]:
        """How good the video is as a generated one: a verdict on the product `video`, flagged below 5.5 of 10."""
        from keyart.review.generated.verdict import judge, review_verdict

        try:
            found = judge(info, self.prompt)
        except BadSetting as err:
            return Outcome((), "skipped", str(err))
        return Outcome((review_verdict(found, VIDEO),), backend=found.backend, models=found.models)

    # --- words

    def judge_words(self, headlines: Sequence[Headline]) -> Outcome[Verdicts]:
        """One verdict a headline, named `headline N` from 1. What the user wrote is flagged at most."""
        if self.words == "off":
            return Outcome((), "skipped", "words are not looked at (review.words = off)")
        moderators = text_moderators(self.word_backend, self.word_model)
        verdicts, unread = [], 0
        for number, headline in enumerate(headlines, 1):
            readers = [one for one in moderators if _reads(one.languages, headline.text)]
            unread += len(readers) < len(moderators)
            action = "flag" if headline.source == "user" else self.words
            found = [softened(one(headline.text, f"headline {number}"), action) for one in readers]
            verdicts += [max(found, key=lambda one: one.weight)] if found else []
        backend = ", ".join(one.backend for one in moderators)
        models = tuple(name for one in moderators for name in one.models)
        if unread:
            reason = f"{unread} of {len(headlines)} headlines are in a language that {backend} does not read"
            return Outcome(tuple(verdicts), "degraded", reason, backend, models)
        return Outcome(tuple(verdicts), backend=backend, models=models)

    # --- pictures

    def judge_pictures(self, products: Sequence[Product]) -> Outcome[Verdicts]:
        """One verdict a picture; of an animation, five frames are looked at, of a video one a second."""
        if self.pictures == "off":
            return Outcome((), "skipped", "pictures are not looked at (review.pictures = off)")
        moderator = picture_moderator(self.picture_backend, self.picture_model)
        if moderator is None:
            return Outcome((), "skipped", _nobody_looked("picture moderation", PICTURE_MODERATORS))
        shown = [one for one in products if one.path.endswith(_PICTURES + _VIDEOS) and one.kind not in _NOT_LOOKED_AT]
        verdicts = tuple(softened(self._seen(moderator, one), self.pictures) for one in shown)
        return Outcome(verdicts, backend=moderator.backend, models=moderator.models)

    def _seen(self, moderator: PictureModerator, product: Product) -> Verdict:
        images = video_arrays(product.data) if product.path.endswith(_VIDEOS) else arrays(product.data)
        return gravest([moderator(image, product.path) for image in images])

    # --- agreement

    def judge_agreement(self, products: Sequence[Product], stills: Sequence[Still]) -> Outcome[Verdicts]:
        """One verdict a cover with a headline: its still, before letters were put on it, against its headline."""
        if self.agreement == "off":
            return Outcome((), "skipped", "agreement is not looked at (review.agreement = off)")
        embedder = pair_embedder(self.agreement_backend, self.agreement_model)
        if embedder is None:
            return Outcome((), "skipped", _nobody_looked("a CLIP score", EMBEDDERS))
        pairs = _pairs(products, {still.rank: still for still in stills})
        legible = [pair for pair in pairs if _reads(embedder.languages, pair[2])]
        if not legible:
            reason = "no cover carries a headline" if not pairs else f"{embedder.model} reads no language but English"
            return Outcome((), "skipped", reason, embedder.backend)
        verdicts = tuple(softened(one, self.agreement) for one in self._agreeing(embedder, legible))
        if unread := len(pairs) - len(legible):
            reason = f"{unread} of {len(pairs)} headlines are in a language that {embedder.model} does not read"
            return Outcome(verdicts, "degraded", reason, embedder.backend, (embedder.model,))
        return Outcome(verdicts, backend=embedder.backend, models=(embedder.model,))

    def _agreeing(self, embedder: PairEmbedder, pairs: Sequence[tuple[Product, Still, str]]) -> list[Verdict]:
        stills = {still.rank: still for _, still, _ in pairs}
        texts = list(dict.fromkeys(text for _, _, text in pairs))
        scores = cosines(embedder.pictures([one.frame.image for one in stills.values()]), embedder.texts(texts))
        tau = embedder.tau() if self.tau is None else self.tau
        rows = list(stills)
        return [
            agreed(product.path, float(scores[rows.index(still.rank), texts.index(text)]), tau, embedder.backend)
            for product, still, text in pairs
        ]

    def pair_scores(
        self, stills: Sequence[Still], headlines: Sequence[Headline]
    ) -> Outcome[tuple[tuple[float, ...], ...]]:
        """Cosine of every still (rows) with every headline (columns), for whoever pairs them; empty without a model."""
        embedder = pair_embedder(self.agreement_backend, self.agreement_model) if self.agreement != "off" else None
        readable = embedder is not None and all(_reads(embedder.languages, one.text) for one in headlines)
        if embedder is None or not stills or not headlines or not readable:
            return Outcome((), "skipped", _nobody_looked("a CLIP score", EMBEDDERS))
        scores = cosines(
            embedder.pictures([one.frame.image for one in stills]), embedder.texts([one.text for one in headlines])
        )
        rows = tuple(tuple(round(float(one), 4) for one in row) for row in scores)
        return Outcome(rows, backend=embedder.backend, models=(embedder.model,))


def agreed(product: str, score: float, tau: float, backend: str) -> Verdict:
    """The verdict on one pair (thesis §5.6: kept from tau)."""
    if score >= tau:
        return Verdict(product, "pass", "", "", backend, score)
    told = f"picture and headline agree by {score:.2f} only, wanted is {tau:.2f}"
    return Verdict(product, "block", "agreement", told, backend, score)


def kept_headlines(headlines: Sequence[Headline], verdicts: Iterable[Verdict]) -> tuple[Headline, ...]:
    """The headlines that `judge_words` did not block."""
    blocked = {one.product for one in verdicts if one.verdict == "block"}
    return tuple(one for number, one in enumerate(headlines, 1) if f"headline {number}" not in blocked)


def kept_products(products: Sequence[Product], verdicts: Iterable[Verdict]) -> tuple[Product, ...]:
    """The products that no verdict blocks."""
    blocked = {one.product for one in verdicts if one.verdict == "block"}
    return tuple(one for one in products if one.path not in blocked)


def _pairs(products: Sequence[Product], stills: Mapping[int, Still]) -> list[tuple[Product, Still, str]]:
    """Covers with a headline, each with the still that it is made from and the headline's text."""
    found = []
    for product in products:
        facts = product.receipt.facts
        headline, rank = facts.get("headline"), facts.get("still_rank")
        if product.kind == "cover" and isinstance(headline, Mapping) and isinstance(rank, int) and rank in stills:
            found.append((product, stills[rank], str(headline["text"])))
    return found


def _reads(languages: Sequence[str], text: str) -> bool:
    """Whether a model of these languages reads the text, by its alphabet; no languages means no limit."""
    return not languages or ("ru" if re.search("[а-яё]", text.lower()) else "en") in languages


def _nobody_looked(what: str, backends: Mapping[str, object]) -> str:
    names = [name for one in backends.values() for name in getattr(one, "models", (getattr(one, "model", ""),))]
    told = ", ".join(f"{name} ({CARDS[name].licence})" for name in names if permitted(CARDS[name]))
    return f"no model for {what} is here; get one with: keyart models pull NAME, of {told}"


def _known(setting: str, value: str, table: Mapping[str, object]) -> None:
    if value != "auto" and value not in table:
        raise BadSetting(f"{setting} cannot be {value!r}; there are: auto, {', '.join(table)}")
