"""The pages, one module each, and the actions that they offer."""

from ops.console.actions import Action
from ops.console.pages import (
    audit,
    campaign,
    campaigns,
    catalogue,
    deadletters,
    halting,
    health,
    phone,
    unknown,
)
from ops.console.parts import Page

FIRST = "campaigns"
"""The page that a visit begins with."""

NAVIGATION = ("campaigns", "health", "deadletters", "phone", "unknown", "catalogue", "audit")
"""The pages in the navigation, in their order."""

PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        campaigns.PAGE,
        campaign.PAGE,
        health.PAGE,
        deadletters.PAGE,
        unknown.PAGE,
        catalogue.PAGE,
        catalogue.TEMPLATE,
        phone.PAGE,
        audit.PAGE,
    )
}

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        *campaign.ACTIONS,
        *halting.ACTIONS,
        *phone.ACTIONS,
        *health.ACTIONS,
        *deadletters.ACTIONS,
        *unknown.ACTIONS,
    )
}
