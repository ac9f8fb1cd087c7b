from django.urls import path

from annotation.views import care, conversation, data, draft, entry, practice, recruitment, signals

urlpatterns = [
    path("join/<slug:key>/", recruitment.join, name="join"),
    path("return/<str:token>/", recruitment.come_back, name="come-back"),
    path("no-session/", entry.no_session, name="no-session"),
    path("here/", entry.here, name="here"),
    path("interface-language/", entry.interface_language, name="interface-language"),
    path("country/", entry.country, name="country"),
    path("language/", entry.language, name="language"),
    path("consent/", entry.consent, name="consent"),
    path("declined/", entry.declined, name="declined"),
    path("questions/", entry.quota, name="quota"),
    path("guidelines/", entry.guidelines, name="guidelines"),
    path("practice/", practice.practice, name="practice"),
    path("conversations/", conversation.conversations, name="conversations"),
    path("conversations/open/", conversation.conversation_open, name="conversation-open"),
    path("conversations/<slug:public_id>/", conversation.conversation, name="conversation"),
    path(
        "conversations/<slug:public_id>/message/",
        conversation.own_prompt_write,
        name="own-prompt-write",
    ),
    path(
        "conversations/<slug:public_id>/turns/<int:position>/ranking/",
        conversation.ranking_submit,
        name="ranking-submit",
    ),
    path(
        "conversations/<slug:public_id>/turns/<int:position>/explanation/",
        conversation.explanation_submit,
        name="explanation-submit",
    ),
    path(
        "conversations/<slug:public_id>/turns/<int:position>/retry/",
        conversation.generation_retry,
        name="generation-retry",
    ),
    path(
        "conversations/<slug:public_id>/next-answers/",
        conversation.next_answers,
        name="next-answers",
    ),
    path(
        "conversations/<slug:public_id>/skip/",
        conversation.conversation_skip,
        name="conversation-skip",
    ),
    path(
        "conversations/<slug:public_id>/leave/",
        conversation.conversation_leave,
        name="conversation-leave",
    ),
    path(
        "conversations/<slug:public_id>/help/",
        conversation.conversation_help,
        name="conversation-help",
    ),
    path(
        "conversations/<slug:public_id>/help/finish/",
        conversation.help_finish,
        name="help-finish",
    ),
    path("last-questions/", entry.closing, name="closing"),
    path("signals/", signals.signals, name="signals"),
    path("signals/<slug:kind>/", signals.signal_answer, name="signal-answer"),
    path("finish/", recruitment.finish, name="finish"),
    path("drafts/", draft.draft_save, name="draft-save"),
    path("your-data/", data.your_data, name="your-data"),
    path("your-data/download/", data.data_download, name="data-download"),
    path("your-data/withdraw/", data.withdraw, name="withdraw"),
    path("your-data/erase/", data.erase, name="erase"),
    path(
        "conversations/<slug:public_id>/turns/<int:position>/report/",
        care.problem_report,
        name="problem-report",
    ),
    path("write-to-us/", care.help_desk, name="help-desk"),
]
