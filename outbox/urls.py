from django.urls import path

from outbox import views

app_name = "outbox"
urlpatterns = [
    path("outbox/", views.error_queue, name="error_queue"),
    path("outbox/list/", views.command_list, name="command_list"),
    path("outbox/lanes/", views.lane_list, name="lane_list"),
    path("outbox/lanes/<int:pk>/resume/", views.lane_resume, name="lane_resume"),
    path("outbox/<int:pk>/", views.command_detail, name="command_detail"),
    path("outbox/<int:pk>/retry/", views.command_retry, name="command_retry"),
    path("outbox/<int:pk>/retry-like/", views.command_retry_like, name="command_retry_like"),
    path("outbox/<int:pk>/cancel/", views.command_cancel, name="command_cancel"),
    path("outbox/<int:pk>/happened/", views.command_confirm, name="command_confirm"),
    path("outbox/<int:pk>/not-happened/", views.command_deny, name="command_deny"),
]
