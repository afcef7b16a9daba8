from .contribution import Draft
from .operators import add_operations

__all__ = ["Draft", "add_operations"]
