"""Everything that changes people, companies and accounts. One module per family of changes."""
