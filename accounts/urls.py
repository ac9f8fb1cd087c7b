"""How the team signs in, and everybody's own account. Nothing here is for annotators."""

from allauth.account import views as account
from allauth.socialaccount import views as issuer
from django.urls import include, path, re_path

from accounts import views

urlpatterns = [
    path("account/", views.your_account, name="your-account"),
    path("account/login/", views.SignIn.as_view(), name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/password/new/", views.AskForPassword.as_view(), name="account_reset_password"),
    re_path(
        r"^account/password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)/$",
        views.SetPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("account/two-factor/", include("allauth.mfa.urls")),
    path("account/sessions/", views.sessions, name="usersessions_list"),
    path("account/issuer/cancelled/", issuer.login_cancelled, name="socialaccount_login_cancelled"),
    path("account/issuer/error/", issuer.login_error, name="socialaccount_login_error"),
    path("account/", include("allauth.socialaccount.providers.openid_connect.urls")),
    # The dashboard's own ways in would go round the second factor and the limits.
    path("admin/login/", views.to_sign_in),
    path("admin/logout/", account.logout),
    path("admin/password_change/", views.to_password),
    path("admin/password_change/done/", views.to_password),
]
