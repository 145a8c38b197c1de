"""Puts what happened into words for an ERP: a stored message becomes a document."""

from dataclasses import replace

from erp_bridge.engine import codec, registry
from erp_bridge.models import OutboundMessage
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.errors import NotLinked
from erp_bridge.sdk.flow import Links, Push
from mes.core.event import Event
from mes.masterdata.models import PrivacyPolicy
from mes.masterdata.queries import pseudonym_of


class CannotSay(Exception):
    """A message cannot be put into words; whatever went wrong is our own fault, and its cause is attached."""


def read(message: OutboundMessage) -> tuple[Push, Event]:
    """Return the flow that a message belongs to, and the event that it tells.

    :raises CannotSay: it is not what was written, or this version does not know it.
    """
    try:
        if codec.digest(message.event) != message.sha256:
            raise ValueError("the stored event is not what was written: its checksum differs")
        flow = registry.flows[message.flow]()
        if not isinstance(flow, Push):
            raise TypeError(f"{message.flow} does not go up")
        return flow, codec.load(registry.event_type(message.kind), message.event)
    except (ValueError, TypeError, LookupError) as error:
        raise CannotSay(f"{type(error).__name__}: {error}") from error


def say(flow: Push, event: Event, links: Links) -> Document | None:
    """Return the document that the event is to this ERP, or None where it has nothing to be told.

    A flow is somebody's code, perhaps a plug-in's, and one that fails must not stop what stands beside it: any failure
    is a :class:`CannotSay`. Part of the door that is called delivery.

    :raises erp_bridge.sdk.errors.NotLinked: it speaks of something that this ERP does not know yet.
    :raises CannotSay: naming the failure.
    """
    try:
        document = flow.translate(event, links)
        return None if document is None else _private(document)
    except NotLinked:
        raise
    except Exception as error:
        raise CannotSay(f"{type(error).__name__}: {error}") from error


def _private(document: Document) -> Document:
    """Return the document as its site's privacy policy lets it be told: under a pseudonym, or without a person."""
    if not document.person:
        return document
    posting = PrivacyPolicy.objects.filter(site__code=document.site, active=True).values_list("posting", flat=True)
    told = posting.first()
    if told is None:
        return document
    if told == PrivacyPolicy.Posting.CREW:
        return replace(document, person="")
    return replace(document, person=pseudonym_of(site=document.site, number=document.person))
