"""The log of changes: that something was stored, written by the database itself."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.models.conversation import Conversation, Turn
from annotation.models.participation import Participation
from annotation.models.study import Phase, Study


class ChangeEpoch(models.Model):
    """Since when transactions are counted as they are now; the first epoch, 0, has no row.

    The numbers of transactions mean something inside one cluster only. After a restore a new
    epoch begins, and everything of earlier ones comes before it.
    """

    number = models.PositiveSmallIntegerField(primary_key=True)
    began_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"epoch {self.number}"


class Change(models.Model):
    """One fact that was stored, and about what; never what it says. Never changed.

    Triggers write the rows (migration 0010), in the transaction of the fact, so that nothing
    is stored unannounced, whatever wrote it. The order is epoch, transaction, id: complete
    below the oldest running writer. The references are right by construction, so that the
    database does not check them; it refuses to change or delete a row.
    """

    class Kind(models.TextChoices):
        JUDGED = "judged", _("a turn was judged")
        EXPLAINED = "explained", _("a judgement was explained")
        CHANGED = "changed", _("what leaves of a turn changed")
        CONVERSATION = "conversation", _("a conversation ended or changed its status")
        FINISHED = "finished", _("a person's part ended")
        WITHDRAWN = "withdrawn", _("a person withdrew")
        EXCLUDED = "excluded", _("a person was left out of the analysis")
        READMITTED = "readmitted", _("a person who was left out is back")

    epoch = models.PositiveSmallIntegerField()
    transaction = models.BigIntegerField(help_text="that wrote it: its full 64-bit number")
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(help_text="when the transaction began")
    study = models.ForeignKey(Study, models.PROTECT, db_constraint=False, db_index=False)
    vendor = models.ForeignKey(Vendor, models.PROTECT, db_constraint=False, db_index=False)
    phase = models.CharField(max_length=10, choices=Phase)
    participation = models.ForeignKey(
        Participation, models.PROTECT, db_constraint=False, db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False
    )
    turn = models.ForeignKey(
        Turn, models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["study", "vendor", "phase", "epoch", "transaction", "id"],
                name="changes_in_the_feeds_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
