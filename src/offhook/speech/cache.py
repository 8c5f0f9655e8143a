"""Sounds that were spoken, kept for the next call that wants the same words."""

from collections import OrderedDict

from offhook.calls.ports import Sound

Key = tuple[str, ...]


class SoundCache:
    """The sounds asked for last, bounded by the bytes of their samples."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._sounds: OrderedDict[Key, Sound] = OrderedDict()

    def get(self, key: Key) -> Sound | None:
        """The sound, which is then the last to be forgotten."""
        if key in self._sounds:
            self._sounds.move_to_end(key)
        return self._sounds.get(key)

    def put(self, key: Key, sound: Sound) -> None:
        """Keep a sound, and forget the oldest until all fit."""
        previous = self._sounds.pop(key, None)
        self._room += len(previous.samples) if previous else 0
        self._sounds[key] = sound
        self._room -= len(sound.samples)
        while self._room < 0:
            _, oldest = self._sounds.popitem(last=False)
            self._room += len(oldest.samples)
