"Who agreed, what was made of what, and how one can tell: consent, lineage, provenance, marks"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    consent='Consent ConsentError Terms read_consent write_consent permit',
    lineage='Origin capture_identity origin_of',
    spread_spectrum='payload_of', watermark='Reading Watermark find_watermark',
    provenance='Claims Manifest read_manifest',
    marking='Marking Marker marked_video seal write_picture',
    inspection='inspect_file',
    forget='find_made',
    asking='ask_consent'))
