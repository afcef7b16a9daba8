"""The verbs of the command `immunode`, one a file: see `immunode.cli.group` for what such a file holds."""
