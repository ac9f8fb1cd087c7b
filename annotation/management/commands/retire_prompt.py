"""Retires a prompt, or replaces it by another of its pool. What people judged stays."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from annotation.actions.prompts import replace_prompt, retire_prompt
from candidates.models import Prompt


def find_user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user


class Command(BaseCommand):
    help = "Gives a prompt to nobody new. Judgements stay, and whoever is at it may finish."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("prompt", help="its key")
        parser.add_argument("--pool", required=True)
        parser.add_argument("--why", required=True, help="kept with the prompt")
        parser.add_argument("--by", help="who decided so: a user's name, kept in the study's log")
        parser.add_argument("--replaced-by", help="the key of the prompt to use instead")

    def handle(self, *args: Any, **options: Any) -> None:
        prompt, why = self._find(options["pool"], options["prompt"]), options["why"]
        by = find_user(options["by"]) if options["by"] else None
        try:
            if options["replaced_by"] is None:
                voided = retire_prompt(prompt=prompt, why=why, by=by)
                self.stdout.write(f"{prompt} is retired: {voided} free slots voided.")
                return
            new = self._find(options["pool"], options["replaced_by"])
            done = replace_prompt(prompt=prompt, replacement=new, why=why, by=by)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(
            f"{prompt} is replaced by {new}: {done.voided} free slots voided, "
            f"{done.planned} planned, {done.waiting} candidate sets still to be made."
        )
        if done.waiting:
            self.stdout.write("Type the same again when they are ready, to plan their slots.")

    def _find(self, pool: str, key: str) -> Prompt:
        prompt = Prompt.objects.filter(pool__key=pool, key=key).first()
        if prompt is None:
            raise CommandError(f"There is no prompt {key!r} in the pool {pool!r}.")
        return prompt
