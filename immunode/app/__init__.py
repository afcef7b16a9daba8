"""The lab in one page: a model that runs in a browser."""
