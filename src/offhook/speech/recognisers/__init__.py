"""The recognisers that offhook brings, by the name that the configuration gives them."""

from collections.abc import Mapping
from types import MappingProxyType

from offhook.speech.provider import RecogniserFactory
from offhook.speech.recognisers.deepgram import DeepgramRecogniser
from offhook.speech.recognisers.openai import OpenAiRecogniser
from offhook.speech.recognisers.pocketsphinx import PocketsphinxRecogniser

RECOGNISERS: Mapping[str, RecogniserFactory] = MappingProxyType(
    {"deepgram": DeepgramRecogniser, "openai": OpenAiRecogniser, "pocketsphinx": PocketsphinxRecogniser}
)
