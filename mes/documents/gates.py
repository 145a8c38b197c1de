"""What apps above plug in: of what photos can be taken. And what documents forbid: starting what one has not read."""

from dataclasses import dataclass

from mes.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class PhotoSubject:
    """A kind of thing that photos are taken of; ``right`` is what one needs to look at them."""

    key: str
    right: str


photo_subjects: Registry[PhotoSubject] = Registry(PhotoSubject)
