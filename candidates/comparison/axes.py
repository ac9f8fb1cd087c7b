"""The value axes of Inglehart and Welzel, and the poles that a response may speak for."""

AXES = {
    "secular_traditional": ("traditional", "secular_rational"),
    "survival_expression": ("survival", "self_expression"),
}
AXIS_OF = {pole: axis for axis, poles in AXES.items() for pole in poles}
NEITHER = "neither"
