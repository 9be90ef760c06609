"""Who agreed, what was made of what, and how one can tell: consent, lineage, provenance, marks"""
# made by tools/stubs.py: do not edit
from .consent import (Consent as Consent, ConsentError as ConsentError, Terms as Terms, read_consent as read_consent, write_consent as
    write_consent, permit as permit)
from .lineage import Origin as Origin, capture_identity as capture_identity, origin_of as origin_of
from .spread_spectrum import payload_of as payload_of
from .watermark import Reading as Reading, Watermark as Watermark, find_watermark as find_watermark
from .provenance import Claims as Claims, Manifest as Manifest, read_manifest as read_manifest
from .marking import Marking as Marking, Marker as Marker, marked_video as marked_video, seal as seal, write_picture as write_picture
from .inspection import inspect_file as inspect_file
from .forget import find_made as find_made
from .asking import ask_consent as ask_consent

__all__ = ['Consent', 'ConsentError', 'Terms', 'read_consent', 'write_consent', 'permit', 'Origin', 'capture_identity', 'origin_of',
           'payload_of', 'Reading', 'Watermark', 'find_watermark', 'Claims', 'Manifest', 'read_manifest', 'Marking', 'Marker',
           'marked_video', 'seal', 'write_picture', 'inspect_file', 'find_made', 'ask_consent']
