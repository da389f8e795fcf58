"""An app that exists only for tests: it adds to the pages of orders what shipping, invoicing and
returns are going to add, through the slots that are there for everybody."""
