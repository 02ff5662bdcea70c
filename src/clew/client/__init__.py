"""The client: journal, shipper, session, fluent API."""
