"""What the team decides in one study: below studies/<key>/."""

from django.urls import path

from annotation.views import audit, erasing, help_threads, prompts, review, standing

urlpatterns = [
    path("review/", review.queue, name="study-review"),
    path("review/next/", review.next_note, name="study-review-next"),
    path("review/<int:number>/", review.note, name="study-review-note"),
    path("review/<int:number>/second/", review.ask_second, name="study-review-second"),
    path("review/<int:number>/choices/", review.choices, name="study-review-choices"),
    path("left-out/", standing.left_out, name="study-left-out"),
    path("left-out/<slug:number>/back/", standing.back, name="study-left-out-back"),
    path("prompts/", prompts.prompts, name="study-prompts"),
    path("prompts/<slug:prompt>/", prompts.prompt, name="study-prompt"),
    path("help/", help_threads.threads, name="study-help"),
    path("help/<slug:number>/", help_threads.thread, name="study-help-thread"),
    path("erase/", erasing.find, name="study-erase"),
    path("erase/confirm/", erasing.confirm, name="study-erase-confirm"),
    path("erase/<slug:number>/", erasing.receipt, name="study-receipt"),
    path("audit/", audit.of_study, name="study-audit"),
]
