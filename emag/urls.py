from django.urls import path

from emag.views import calls, connect, hooks, payloads, sync

app_name = "emag"
urlpatterns = [
    path("hooks/emag/<str:token>/<slug:kind>/", hooks.hook, name="hook"),
    path("sync/", sync.sync_page, name="sync_page"),
    path("sync/<str:name>/run/", sync.sync_run, name="sync_run"),
    path("sync/<str:name>/pause/", sync.sync_pause, name="sync_pause"),
    path("sync/<str:name>/resume/", sync.sync_resume, name="sync_resume"),
    path("payloads/<int:pk>/", payloads.payload_page, name="payload_page"),
    path("payloads/<int:pk>/versions/", payloads.payload_versions, name="payload_versions"),
    path("payloads/rejected/", payloads.rejected_payload_list, name="rejected_payload_list"),
    path(
        "payloads/rejected/<int:pk>/", payloads.rejected_payload_page, name="rejected_payload_page"
    ),
    path(
        "payloads/rejected/<int:pk>/read/",
        payloads.rejected_payload_read,
        name="rejected_payload_read",
    ),
    path(
        "payloads/rejected/<int:pk>/ignore/",
        payloads.rejected_payload_ignore,
        name="rejected_payload_ignore",
    ),
    path(
        "payloads/rejected/<int:pk>/reopen/",
        payloads.rejected_payload_reopen,
        name="rejected_payload_reopen",
    ),
    path("calls/", calls.api_call_list, name="api_call_list"),
    path("calls/<int:pk>/", calls.api_call_page, name="api_call_page"),
    path("calls/<int:pk>/repeat/", calls.api_call_replay, name="api_call_replay"),
    path("connect/emag/", connect.connect_start, name="connect_start"),
    path("connect/emag/<int:pk>/", connect.connect_account, name="connect_account"),
    path(
        "connect/emag/<int:pk>/credentials/",
        connect.connect_credentials,
        name="connect_credentials",
    ),
    path("connect/emag/<int:pk>/test/", connect.connect_test, name="connect_test"),
    path(
        "connect/emag/<int:pk>/difference/", connect.connect_difference, name="connect_difference"
    ),
    path("connect/emag/<int:pk>/read/", connect.connect_read, name="connect_read"),
    path("connect/emag/<int:pk>/count-anew/", connect.usage_reset, name="usage_reset"),
]
