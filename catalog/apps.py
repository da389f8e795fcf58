from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from accounts import holdings
        from catalog import intents, panels, search  # noqa: F401 - intents are known by kind
        from catalog.models import Offer
        from core import live, registry

        panels.register()
        search.register()
        holdings.register("offers", lambda pk: Offer.objects.filter(account=pk).exists())
        live.register_topic("offers", "catalog.view_offer")
        registry.register_verbs(VERBS)
        registry.register_nav(
            registry.NavItem(
                _("Offers"), "tags", "catalog:offer_list", "catalog.view_offer", order=20, key="c"
            )
        )


VERBS = {
    "offer.changed": _("Offer changed"),
    "offer.change_withdrawn": _("Change of an offer withdrawn"),
}
