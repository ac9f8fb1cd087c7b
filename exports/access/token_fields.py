"""The columns that a token may carry: ordinary ones, and those of a special category."""

from exports.formats import FORMATS


def special_fields() -> list[str]:
    """Columns about a special category in any format: they leave only where they are listed."""
    columns = (column for form in FORMATS.values() for column in form.columns)
    return sorted({column.name for column in columns if column.special})


def ordinary_fields() -> list[str]:
    """Every other column of every format."""
    names = {name for form in FORMATS.values() for name in form.names}
    return sorted(names - set(special_fields()))
