"""What needs both the library and the models: drawing, faces, trust. What is the library's alone is asked of it."""

from studio.castbook import Castbook
from studio.models import Models
from studio.retention import Retention
from studio.studio import Studio

__all__ = ["Castbook", "Models", "Retention", "Studio"]
