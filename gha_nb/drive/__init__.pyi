"""What moves an avatar: performances from captures and tables, and reenactment"""
# made by tools/stubs.py: do not edit
from .performance import Performance as Performance, open_driver as open_driver, read_table as read_table
from .reenactment import drive as drive, reenact as reenact

__all__ = ['Performance', 'open_driver', 'read_table', 'drive', 'reenact']
