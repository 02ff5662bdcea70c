"""Autologging: patches for frameworks, guarded so that user code never breaks."""
