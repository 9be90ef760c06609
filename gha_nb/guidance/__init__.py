"What surface a head has and how it moves: a distance field, its mesh, and the networks that move and colour it"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    guidance='Guidance GuidanceConfig make_guidance',
    sdf='Field FieldConfig',
    tetrahedra='march',
    mouth='find_opening'))
