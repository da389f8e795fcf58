"""Views of core, one file per part: the shell here, saved views and bulk actions beside it."""
