"""Members of the team, for tests: with one role in one study, and signed in."""

from django.test import Client

from accounts.models import User
from annotation.actions.team import add_member
from annotation.models import Role, Study


def member(study: Study | None, role: Role | None, name: str = "ines") -> User:
    """Somebody of the team with this role; without one she is staff and nothing else."""
    user = User.objects.filter(username=name).first()
    user = user or User.objects.create_user(name, is_staff=True)
    if study is not None and role is not None:
        add_member(study=study, user=user, role=role, by=None, why="for a test")
    return user


def signed_in(study: Study | None, role: Role | None, name: str = "ines") -> Client:
    client = Client()
    client.force_login(member(study, role, name))
    return client
