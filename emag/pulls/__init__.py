"""Brings eMAG's data in: pages read side by side, compared, mapped and stored set by set."""
