"""The journal over HTTP: a feed of changes in which nothing is missed and nothing changes places."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.core import persons
from mes.core.api.fields import CodeField, InstantField
from mes.core.api.input import Filters
from mes.core.api.problems import Refusal
from mes.core.api.views import ApiView
from mes.journal import queries
from mes.journal.models import JournalEntry

MAX_LIMIT = 500


class CursorField(serializers.Field):
    """A place in the feed, as given by ``next_cursor``."""

    default_error_messages = {"cursor_invalid": "This is no cursor of ours. Begin with 0."}

    def to_internal_value(self, data: Any) -> int:
        text = str(data)
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            self.fail("cursor_invalid")
        return int(text)

    def to_representation(self, value: int) -> str:
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{1,18}$"}


class LimitField(CursorField):
    """How many entries at most."""

    default_error_messages = {
        "cursor_invalid": "Write a whole number from 1 to 500.",
        "page_invalid": "Write a whole number from 1 to 500.",
    }

    def to_internal_value(self, data: Any) -> int:
        value = super().to_internal_value(data)
        if value < 1:
            self.fail("page_invalid")
        return min(value, MAX_LIMIT)

    def describe(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1}


class KindsField(CodeField):
    """Kinds of event, separated by commas."""

    def to_internal_value(self, data: Any) -> Any:
        return tuple(kind for kind in super().to_internal_value(data).split(",") if kind)


class ChangesView(ApiView):
    """What happened since a cursor."""

    rights = {"GET": "changes:read"}
    also_answers = (410,)

    class Query(Filters):
        since = CursorField(required=False, help_text="next_cursor of the last answer, or 0 to begin.")
        limit = LimitField(required=False, help_text="1 to 500; 100 if left out.")
        kind = KindsField(required=False, max_length=1000, help_text="Kinds of event, separated by commas.")
        subject = CodeField(required=False, max_length=200, help_text="A work order's number.")

    class Output(serializers.Serializer):
        class Change(serializers.Serializer):
            sequence = serializers.IntegerField()
            event_id = serializers.UUIDField()
            kind = serializers.CharField()
            version = serializers.IntegerField()
            site = serializers.CharField()
            subject = serializers.SerializerMethodField()
            actor = serializers.SerializerMethodField()
            data = serializers.SerializerMethodField(help_text="What happened; of a site in privacy mode by pseudonym.")
            occurred_at = InstantField()
            recorded_at = InstantField()
            hash = serializers.CharField(help_text="Of the entry as it was sealed.")

            def get_subject(self, entry: JournalEntry) -> str:
                return persons.told_subject(entry.subject, site=entry.site, kind=entry.kind)

            def get_actor(self, entry: JournalEntry) -> str:
                return persons.told_text(entry.actor, site=entry.site)

            def get_data(self, entry: JournalEntry) -> dict[str, Any]:
                return persons.told_event(entry.data, site=entry.site)

        items = Change(many=True)
        next_cursor = serializers.CharField()
        has_more = serializers.BooleanField()

    @extend_schema(operation_id="changes_list", parameters=[Query], responses=Output)
    def get(self, request: Any) -> Response:
        """Return events after a cursor, in their final order; ask again with ``next_cursor``, at once if ``has_more``."""
        query = self.Query.read(request.query_params)
        since = query.get("since", 0)
        if since > queries.head_sequence():
            raise Refusal(
                "cursor_gone", "The cursor is ahead of the journal, which was restored. Begin again with since=0."
            )
        found = queries.changes(
            since=since,
            limit=query.get("limit", 100),
            sites=None if request.auth.everywhere else request.auth.sites(self.right),
            kinds=query.get("kind", ()),
            subject=query.get("subject", ""),
        )
        answer = {"items": found.entries, "next_cursor": found.next_cursor, "has_more": found.has_more}
        return Response(self.Output(answer).data)
