"""Records of studies in the dashboard: everybody sees those of her own studies alone."""

from typing import Any

from django.contrib.admin.filters import FieldListFilter, RelatedFieldListFilter
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, QuerySet
from django.http import Http404, HttpRequest
from unfold.admin import TabularInline

from accounts.admin import ReadOnlyAdmin
from annotation.models import Study
from annotation.rights import PERMISSIONS, Right, holds, may, studies_for


class StudyRecordsAdmin(ReadOnlyAdmin):
    """For records that belong to a study: `to_study` is the way from a record to it.

    What may be seen, and what else may be done, follows from `PERMISSIONS`.
    """

    to_study = "study"

    def right_to(self, action: str) -> Right | None:
        """The right that an action needs in the record's study; None: administrators only."""
        return PERMISSIONS.get(f"{self.opts.app_label}.{action}_{self.opts.model_name}")

    def may(self, request: HttpRequest, action: str, record: Any = None) -> bool:
        right = self.right_to(action)
        if right is None:
            return bool(request.user.is_superuser)
        if record is None:
            return holds(request.user, right)
        study = self.study_of(record)
        return bool(request.user.is_superuser) or (
            study is not None and may(request.user, right, study)
        )

    def study_of(self, record: Any) -> Study | None:
        for name in self.to_study.split("__"):
            record = getattr(record, name)
        found: Study | None = record
        return found

    def only_own(self, request: HttpRequest, records: QuerySet[Any]) -> QuerySet[Any]:
        """The records of studies in which she may see such records."""
        right = self.right_to("view")
        if request.user.is_superuser or right is None:
            return records
        return records.filter(**{f"{self.to_study}__in": studies_for(request.user, right)})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.only_own(request, super().get_queryset(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """What belongs to another study is not there."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view", obj)


class OwnStudiesFilter(RelatedFieldListFilter):
    """A filter by study, or by what belongs to one, names those of her own studies alone."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        right = model_admin.right_to("view") if hasattr(model_admin, "right_to") else None
        limit: dict[str, Any] = {}
        if right is not None and not request.user.is_superuser:
            way = "pk__in" if field.related_model is Study else "study__in"
            limit = {way: studies_for(request.user, right)}
        return field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to=limit,
        )


def belongs_to_a_study(field: "Field[Any, Any]") -> bool:
    model: Any = field.related_model if field.remote_field else None
    if not isinstance(model, type):
        return False
    try:
        return model is Study or model._meta.get_field("study").related_model is Study  # type: ignore[attr-defined]
    except FieldDoesNotExist:
        return False


FieldListFilter.register(belongs_to_a_study, OwnStudiesFilter, take_priority=True)


class StudyInline(TabularInline):
    """Rows on the page of a study: whoever may see the page may see them."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
