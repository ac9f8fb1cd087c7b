"""Secrets of second factors that stood in clear are sealed."""

from collections.abc import Callable
from typing import Any

from django.db import migrations

from accounts.sealing import seal, unseal

SECRETS = {"totp": "secret", "recovery_codes": "seed"}


def _change(apps: Any, change: Callable[[str], str]) -> None:
    rows = apps.get_model("mfa", "Authenticator").objects.filter(type__in=SECRETS)
    for row in rows.select_for_update():
        name = SECRETS[row.type]
        if name in row.data:
            row.data[name] = change(row.data[name])
            row.save(update_fields=["data"])


def seal_all(apps: Any, schema_editor: Any) -> None:
    _change(apps, seal)


def unseal_all(apps: Any, schema_editor: Any) -> None:
    _change(apps, unseal)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_account_changes"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(seal_all, unseal_all)]
