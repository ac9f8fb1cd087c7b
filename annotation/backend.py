"""Signing in, and what Django's dashboard may show: by the roles, and by nothing else."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from annotation.rights import PERMISSIONS, holds


class RolesBackend(AuthenticationBackend):
    """Django's permissions follow from the roles; what is stored of them gives nothing.

    A permission here says that somebody may see such records in some study. Which ones, the
    pages themselves ask of `annotation.rights`.
    """

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_all_permissions(user_obj, obj)

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """The one that is asked for: a page of the desk asks for dozens."""
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous:
            return False
        right = PERMISSIONS.get(perm)
        return right is not None and holds(user_obj, right)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous:
            return set()
        return {name for name, right in PERMISSIONS.items() if holds(user_obj, right)}
