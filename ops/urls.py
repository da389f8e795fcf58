from django.urls import path

from ops import views

app_name = "ops"
urlpatterns = [
    path("", views.home, name="home"),
    path("audit/", views.audit_list, name="audit_list"),
    path("audit/<int:pk>/", views.audit_entry, name="audit_entry"),
    path("jobs/", views.job_run_list, name="job_run_list"),
    path("jobs/<int:pk>/", views.job_run_page, name="job_run_page"),
]
