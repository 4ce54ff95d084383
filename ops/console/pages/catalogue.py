"""Signs and templates: their review at Tencent, the reviewers' words, and the revisions of a template."""

from ops import sign_lists, template
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit


def _signs(visit: Visit) -> Values:
    """Show the linked signs; after a click, with what Tencent says now, and the account's other signs."""
    refresh = visit.form.get("refresh") == "1"
    rows, warnings = sign_lists.all_linked(refresh=refresh)
    if refresh:
        more, said = sign_lists.all_unlinked()
        rows, warnings = rows + more, warnings + said
    return {"signs": rows, "warnings": warnings}


def _templates(_: Visit) -> Values:
    rows, warnings = template.list_all(of_account=False)
    return {"templates": rows, "warnings": warnings}


def _template(visit: Visit) -> Values:
    found, warnings = template.show(visit.given("code"))
    return {"template": found, "warnings": warnings}


PAGE = Page("catalogue", (Part("signs", _signs), Part("templates", _templates)))
TEMPLATE = Page("template", (Part("template", _template),), keys=("code",), section="catalogue")
