from .contribution import Draft
from .operation_effects import add_operations

__all__ = ["Draft", "add_operations"]
