"""Layers that are composed by themselves first."""

from engine.component import component, field


@component
class Group:
    """Layers composed by themselves, then drawn as one by this entity's layer. Layers join by naming it as group."""

    isolated: bool = field(
        True, "Blend modes inside mix with the group's own layers only; otherwise also with what is behind the group."
    )
    knockout: bool = field(
        False, "Each layer replaces those of the group below it, so that none is seen through another."
    )
