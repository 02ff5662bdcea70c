"""Who did what: callers, and the rows that destructive actions leave."""

from __future__ import annotations

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """A caller. user: the name that it gave, which nobody checks yet. address: where it called from."""

    user: str
    address: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A destructive action. id grows with time; time_ms is the store's clock."""

    id: int
    time_ms: int
    user: str
    address: str
    action: str
    entity: str
    entity_id: str
    detail: str
