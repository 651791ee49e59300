"""The stage: what is said in the video, from the most trustworthy source that is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from keyart.errors import BadSetting, MissingModel
from keyart.speech.activity import SAMPLE_RATE_HZ, Activity, FindSpeech, listened
from keyart.speech.language import guess_language, language_name, short_code
from keyart.speech.recognisers import RECOGNISERS, Recogniser
from keyart.speech.sidecar import find_sidecars, read_sidecar
from keyart.speech.subtitles import is_partial, is_picture, read_stream
from keyart.speech.utterance import Utterance, joined, levelled
from keyart.types import AudioStream, Cue, Outcome, Sound, SubtitleStream, Transcript, VideoInfo, file_name

MIN_WORDS = 3
"""A subtitle source with fewer words says nothing that a title could be made from."""

MAX_GAP_SECONDS = 2.0
"""Stretches of speech that are further apart are never heard as one."""


@dataclass(frozen=True, slots=True)
class _Written:
    """Subtitles that could be used, not read yet."""

    name: str
    language: str
    partial: bool
    read: Callable[[], tuple[Cue, ...]]
    named: bool = False
    """Whether the user asked for this one: then it must be readable."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Subtitle streams, then files beside the video, then recognition where it can be trusted (thesis: transcript)."""

    language: str = ""
    """ISO 639-1 code of the speech, e.g. 'ru' or 'en'; empty: what the file says of itself."""
    sidecar: str = ""
    """Path of the subtitle file to use; empty: look in the container, then beside the video."""
    recogniser: str = ""
    """A name of RECOGNISERS, 'none', or empty: the best that is installed and knows the language."""
    model: str = ""
    """Name or folder of another model of the recogniser's; empty: the best one that is here."""
    speech_threshold: float = 0.5
    """Probability from which 32 ms of sound count as speech, 0 ... 1."""
    min_speech_seconds: float = 1.0
    """With less speech than this in all, nobody speaks."""
    max_seconds: float = 1800.0
    """How much of the sound is listened to where there are no subtitles, from the start; 0: all of it."""

    def __post_init__(self) -> None:
        if self.recogniser not in ("", "none", *RECOGNISERS):
            raise BadSetting(f"no recogniser is called {self.recogniser!r}; there are: none, {', '.join(RECOGNISERS)}")
        if self.model and self.recogniser not in ("gigaam", "faster-whisper", "whisper"):
            raise BadSetting(f"model {self.model!r} needs the recogniser it is for: gigaam, faster-whisper or whisper")
        if not 0 < self.speech_threshold < 1:
            raise BadSetting(f"speech_threshold is {self.speech_threshold}; it lies between 0 and 1")

    def __call__(self, info: VideoInfo) -> Outcome[Transcript | None]:
        """Raises `MissingFile`/`BadSetting` for a sidecar asked for by name, `MissingExtra` for such a recogniser."""
        notes: list[str] = []
        for source in self._sources(info):
            transcript = _read(source, notes)
            if transcript is not None:
                wanted = short_code(self.language)
                if wanted and transcript.language not in ("", wanted):
                    notes.append(f"no subtitles in {language_name(wanted)}; used {source.name}")
                return Outcome(replace(transcript, notes=tuple(notes)), backend="subtitles")
        return self._listen(info, notes)

    def known_language(self, info: VideoInfo) -> str:
        """What is known, never guessed: the setting, the sound's own tag, or the container's."""
        stream = self._audio(info)
        tags = [self.language, stream.language if stream else "", info.tags.get("language", "")]
        return next((code for code in map(short_code, tags) if code), "")

    def _audio(self, info: VideoInfo) -> AudioStream | None:
        wanted = short_code(self.language)
        return next((one for one in info.audio if wanted and short_code(one.language) == wanted), None) or next(
            iter(info.audio), None
        )

    # --- written ------------------------------------------------------------------------------------------------

    def _sources(self, info: VideoInfo) -> list[_Written]:
        rate = info.frames_per_second
        if self.sidecar:
            path = Path(self.sidecar)
            return [_Written(f"sidecar {file_name(path)}", "", False, partial(_beside, path, rate), named=True)]
        streams = [_from_stream(info, one) for one in info.subtitles if not is_picture(one)]
        beside = [
            _Written(f"sidecar {file_name(one.path)}", one.language, False, partial(_beside, one.path, rate))
            for one in find_sidecars(info.path)
        ]
        placed = [*((0, one) for one in streams), *((1, one) for one in beside)]
        wanted, spoken = short_code(self.language), self.known_language(info) or "ru"
        return [one for _, one in sorted(placed, key=lambda pair: _order(pair[1], wanted, spoken, pair[0]))]

    # --- heard --------------------------------------------------------------------------------------------------

    def _listen(self, info: VideoInfo, notes: list[str]) -> Outcome[Transcript | None]:
        pictures = [one for one in info.subtitles if is_picture(one)]
        if pictures:
            notes.append("the subtitles in the file are pictures, which are not read")
        stream = self._audio(info)
        if stream is None:
            return _skipped("the file has no sound and no subtitles", notes)
        try:
            probabilities = listened(info, stream.index, self._sound(info, stream), self.max_seconds)
        except MissingModel as err:
            return _skipped(f"no subtitles, and nobody can listen: {err}", notes)
        activity = FindSpeech(threshold=self.speech_threshold).among(probabilities)
        if activity.speech_seconds < self.min_speech_seconds:
            return _skipped("nobody speaks", notes, models=("silero-vad",))
        return self._recognise(info, stream, activity, notes)

    def _sound(self, info: VideoInfo, stream: AudioStream) -> Iterator[Sound]:
        from keyart.media.sound import read_sound

        left = round(self.max_seconds * SAMPLE_RATE_HZ) if self.max_seconds > 0 else None
        for chunk in read_sound(info, stream_index=stream.index, sample_rate_hz=SAMPLE_RATE_HZ):
            yield chunk if left is None else chunk[:left]
            left = None if left is None else left - len(chunk)
            if left is not None and left <= 0:
                return

    def _recognise(
        self, info: VideoInfo, stream: AudioStream, activity: Activity, notes: list[str]
    ) -> Outcome[Transcript | None]:
        language = self.known_language(info)
        found = f"speech found ({activity.speech_seconds:.1f} s of {activity.heard_seconds:.1f} s)"
        fit = self._fitting(language)
        ready = next((one for one in fit if self.recogniser or not one.missing()), None)
        if ready is None:
            cures = dict.fromkeys(one.missing() for one in fit)
            lack = "; ".join([_lack(language), *cures, _cure(info, language)])
            return _skipped(f"{found} but {lack}", notes, ("silero-vad",))
        pieces = joined(activity.segments, ready.stretch_seconds, MAX_GAP_SECONDS)
        cut = utterances(self._sound(info, stream), replace(activity, segments=tuple(pieces)))
        heard = ready(levelled(cut), language)
        models = ("silero-vad", *(heard.models or (ready.name,)))
        if not heard.trusted:
            return _skipped(f"{found} but {heard.why}; {_cure(info, language)}", notes, models)
        spoken = language or heard.language
        transcript = Transcript(spoken, ready.name, heard.cues, (*notes, heard.why, *heard.notes))
        return Outcome(transcript, backend=ready.name, models=models)

    def _fitting(self, language: str) -> list[Recogniser]:
        """Recognisers that know the language, or can find out which it is; the one that is named, or best first."""
        settings = {"model": self.model} if self.model else {}
        names = [self.recogniser] if self.recogniser else list(RECOGNISERS)
        made = [RECOGNISERS[name](**settings) for name in names if name != "none"]
        return [one for one in made if (language in one.languages if language else one.detects)]


def utterances(chunks: Iterator[Sound], activity: Activity) -> Iterator[Utterance]:
    """The stretches of speech cut out of the sound as it streams."""
    import numpy as np

    buffer, first = np.zeros(0, np.float32), 0  # `first`: number of the buffer's first sample
    waiting = list(activity.segments)
    for chunk in chain(chunks, (None,)):
        if chunk is not None:
            buffer = np.concatenate([buffer, chunk])
        while waiting:
            start, end = (round(edge * SAMPLE_RATE_HZ) for edge in waiting[0])
            if end > first + len(buffer) and chunk is not None:
                break
            yield Utterance(waiting.pop(0)[0], buffer[max(0, start - first) : max(0, end - first)])
        keep_from = round(waiting[0][0] * SAMPLE_RATE_HZ) if waiting else first + len(buffer)
        drop = min(len(buffer), max(0, keep_from - first))
        buffer, first = buffer[drop:], first + drop


def _from_stream(info: VideoInfo, stream: SubtitleStream) -> _Written:
    language = short_code(stream.language)
    name = f"subtitle stream {stream.index}" + (f" ({language})" if language else "")
    return _Written(name, language, is_partial(stream), partial(read_stream, info, stream.index))


def _beside(path: Path, frames_per_second: float) -> tuple[Cue, ...]:
    return read_sidecar(path, frames_per_second=frames_per_second)


def _order(source: _Written, wanted: str, spoken: str, place: int) -> tuple[object, ...]:
    def distance(code: str) -> int:
        return 0 if source.language == code else 1 if not source.language else 2 if source.language == "ru" else 3

    return (distance(wanted) if wanted else 0, place, source.partial, distance(spoken))


def _read(source: _Written, notes: list[str]) -> Transcript | None:
    """The source's transcript, or None with a note where it holds too little or cannot be read."""
    try:
        cues = source.read()
    except BadSetting as err:
        if source.named:
            raise
        notes.append(str(err))
        return None
    words = sum(len(cue.text.split()) for cue in cues)
    if words < MIN_WORDS:
        notes.append(f"{source.name} holds {words} words, too few to use")
        return None
    shown = guess_language(" ".join(cue.text for cue in cues))
    if shown and source.language and shown != source.language:
        notes.append(f"{source.name} is tagged {source.language!r} but its text is in {language_name(shown)}")
    return Transcript(shown or source.language, source.name, cues)


def _lack(language: str) -> str:
    if not language:
        return "no subtitles, and the file does not say which language is spoken"
    return f"no subtitles and no recogniser for {language_name(language)} at hand"


def _cure(info: VideoInfo, language: str) -> str:
    beside = f"add {info.stem}.srt beside the video"
    return beside if language else f"{beside}, or name the language (language='en' is recognised)"


def _skipped(reason: str, notes: list[str], models: tuple[str, ...] = ()) -> Outcome[Transcript | None]:
    return Outcome(None, "skipped", "; ".join([reason, *notes]), models=models)
