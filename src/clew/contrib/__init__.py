"""Callbacks for frameworks that are too large for CI: tested there on stand-ins, not on the real thing."""
