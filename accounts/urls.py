from django.urls import path

from accounts.views import companies, invitations, marketplaces, people, roles, you

app_name = "accounts"

urlpatterns = [
    path("people/", people.person_list, name="person_list"),
    path("people/invite/", people.person_invite, name="person_invite"),
    path("people/<int:pk>/", people.person_detail, name="person_detail"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/role/", people.person_role, name="person_role"),
    path("people/<int:pk>/link/", people.person_link, name="person_link"),
    path("people/<int:pk>/resend/", people.person_resend, name="person_resend"),
    path("people/<int:pk>/deactivate/", people.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/activate/", people.person_activate, name="person_activate"),
    path("people/<int:pk>/unlock/", people.person_unlock, name="person_unlock"),
    path(
        "people/<int:pk>/reset-two-factor/",
        people.person_reset_two_factor,
        name="person_reset_two_factor",
    ),
    path(
        "people/<int:pk>/sessions/<int:session_id>/end/",
        people.person_session_end,
        name="person_session_end",
    ),
    path("roles/", roles.role_list, name="role_list"),
    path("roles/<str:role>/policy/", roles.role_policy, name="role_policy"),
    path(
        "invitation/<int:pk>/<str:token>/", invitations.invitation_accept, name="invitation_accept"
    ),
    path("you/", you.profile, name="profile"),
    path("you/security/", you.security, name="security"),
    path("you/two-factor-needed/", you.two_factor_needed, name="two_factor_needed"),
    path("you/sessions/<int:session_id>/end/", you.session_end, name="session_end"),
    path("you/sessions/end-others/", you.session_end_others, name="session_end_others"),
    path("you/tokens/add/", you.token_create, name="token_create"),
    path("tokens/<int:pk>/revoke/", you.token_revoke, name="token_revoke"),
    path("companies/", companies.company_list, name="company_list"),
    path("companies/add/", companies.company_add, name="company_add"),
    path("companies/<int:pk>/", companies.company_detail, name="company_detail"),
    path("companies/<int:pk>/edit/", companies.company_edit, name="company_edit"),
    path(
        "companies/<int:pk>/bank-accounts/add/", companies.bank_account_add, name="bank_account_add"
    ),
    path("bank-accounts/<int:pk>/main/", companies.bank_account_main, name="bank_account_main"),
    path(
        "bank-accounts/<int:pk>/remove/", companies.bank_account_remove, name="bank_account_remove"
    ),
    path("marketplaces/", marketplaces.marketplace_account_list, name="marketplace_account_list"),
    path("marketplaces/add/", marketplaces.marketplace_account_add, name="marketplace_account_add"),
    path(
        "marketplaces/<int:pk>/",
        marketplaces.marketplace_account_detail,
        name="marketplace_account_detail",
    ),
    path(
        "marketplaces/<int:pk>/edit/",
        marketplaces.marketplace_account_edit,
        name="marketplace_account_edit",
    ),
    path(
        "marketplaces/<int:pk>/pause/",
        marketplaces.marketplace_account_pause,
        name="marketplace_account_pause",
    ),
    path(
        "marketplaces/<int:pk>/resume/",
        marketplaces.marketplace_account_resume,
        name="marketplace_account_resume",
    ),
]
