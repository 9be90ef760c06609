"What moves an avatar: performances from captures and tables, and reenactment"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    performance_file='Performance Sound read_performance write_performance',
    performance='open_driver read_table',
    reenactment='drive reenact',
    speech='Phoneme Speech find_voice languages synthesize',
    visemes='articulate lip_coefficients speech_performance',
    life='emotion_track enliven',
    listening='align listen spectral_articulation',
    clips='blend join loop mirror retime save_performance trim',
    talk='speak talking_face',
    tracks='Key Layer',
    timeline='Timeline TimelineEditor load_timeline save_timeline'))
