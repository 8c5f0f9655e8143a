"""Speech to text by whoever the configuration names; satisfies calls.ports.Recogniser."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Recogniser, Recognition, SpeechOrder
from offhook.speech.guarded import listen

NAMED = frozenset({"deepgram"})  # of the contract's models; Google's are everybody's default


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserSource:
    """A recogniser as documents name it: `<name>_<model>`, like deepgram_nova-3."""

    name: str
    recogniser: Recogniser


class RecognitionService:
    """Listens with the source that a model names, with the first of them for all other models."""

    def __init__(self, sources: Sequence[RecogniserSource]) -> None:
        self._sources = tuple(sources)

    def listen(self, order: SpeechOrder) -> Recognition:
        """Begin to listen. Raises RecognitionFailed."""
        name, _, model = order.model.partition("_")
        for source in self._sources:
            if model and source.name.lower() == name.lower():
                return listen(source.name, source.recogniser, replace(order, model=model))
        if model and name.lower() in NAMED:
            # Contract 2 §1.7: a provider that a document names is not replaced by another one.
            advice = f'give a [[recogniser]] the name "{name.lower()}", or choose another speechModel'
            raise RecognitionFailed(f"there is no recogniser {name} for the model {order.model}: {advice}")
        first = self._sources[0]
        return listen(first.name, first.recogniser, order)
