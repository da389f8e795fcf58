"""What eMAG's JSON means: raw objects to neutral ones and back. No database, no call."""
