from django.conf import settings
from django.urls import path

from core.views import bulk, exports, saved_views, shell

app_name = "core"
urlpatterns = [
    path("shell/theme/", shell.set_theme, name="set_theme"),
    path("shell/language/", shell.set_language, name="set_language"),
    path("shell/nav/", shell.set_nav, name="set_nav"),
    path("shell/state/", shell.shell_state, name="shell_state"),
    path("shell/palette/", shell.palette, name="palette"),
    path("shell/keys/", shell.shortcut_list, name="shortcut_list"),
    path("offline/", shell.offline, name="offline"),
    path("service-worker.js", shell.service_worker, name="service_worker"),
    path("panels/<str:page>/<slug:panel_id>/<int:pk>/", shell.panel, name="panel"),
    path("bulk/<int:pk>/", bulk.bulk_run_page, name="bulk_run_page"),
    path("bulk/<int:pk>/progress/", bulk.bulk_run_progress, name="bulk_run_progress"),
    path("bulk/<int:pk>/cancel/", bulk.bulk_run_cancel, name="bulk_run_cancel"),
    path("bulk/<int:pk>/result.csv", bulk.bulk_run_csv, name="bulk_run_csv"),
    path("views/save/", saved_views.saved_view_save, name="saved_view_save"),
    path("views/default/", saved_views.saved_view_default, name="saved_view_default"),
    path("views/<int:pk>/edit/", saved_views.saved_view_edit, name="saved_view_edit"),
    path(
        "views/<int:pk>/overwrite/",
        saved_views.saved_view_overwrite,
        name="saved_view_overwrite",
    ),
    path("views/<int:pk>/delete/", saved_views.saved_view_delete, name="saved_view_delete"),
    path("exports/", exports.scheduled_export_list, name="scheduled_export_list"),
    path("exports/add/", exports.scheduled_export_add, name="scheduled_export_add"),
    path("exports/file/<str:token>/", exports.export_file, name="export_file"),
    path("exports/<int:pk>/", exports.scheduled_export_page, name="scheduled_export_page"),
    path("exports/<int:pk>/edit/", exports.scheduled_export_edit, name="scheduled_export_edit"),
    path("exports/<int:pk>/run/", exports.scheduled_export_run, name="scheduled_export_run"),
    path("exports/<int:pk>/pause/", exports.scheduled_export_pause, name="scheduled_export_pause"),
    path(
        "exports/<int:pk>/resume/", exports.scheduled_export_resume, name="scheduled_export_resume"
    ),
    path(
        "exports/<int:pk>/remove/", exports.scheduled_export_remove, name="scheduled_export_remove"
    ),
    path("preferences/", saved_views.preferences_save, name="preferences_save"),
]

if settings.DEBUG:
    from core.views import ui_kit

    urlpatterns += [path("ui-kit/", ui_kit.ui_kit, name="ui_kit")]
