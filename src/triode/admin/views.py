"""The admin's pages: each takes a visit and gives an answer.

Who asks has been checked before; what the visitor may do with a model is checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from triode.admin.addresses import decode_key
from triode.admin.deleting import Consequences, consequences_of
from triode.admin.desk import Desk
from triode.admin.editing import Editor
from triode.admin.form_plan import FormPlan
from triode.admin.labels import told
from triode.admin.listing import DELETE, actions_for, list_page
from triode.admin.lookups import lookup
from triode.admin.model_admin import ModelAdmin
from triode.admin.pages import DeletePage, IndexPage, Link, ModelCard, ModelGroup
from triode.admin.permissions import Denied, Missing, desk_for, row_for
from triode.admin.security import PAGE_HEADERS
from triode.admin.submitted import Submitted
from triode.admin.visit import THEME_COOKIE, Visit
from triode.auth.redirects import safe_path
from triode.db import transaction
from triode.errors import ClientError
from triode.templating import Redirect, flash, redirect

MOST_PICKED = 10_000
NAMED = 10
YEAR = 365 * 24 * 3600


async def show_index(visit: Visit) -> Response:
    """Show every model the visitor may see, with how many rows it has."""
    groups = []
    for title, desks in visit.office.groups(visit.user):
        cards = [
            ModelCard(
                label=desk.plural,
                url=visit.list_url(desk),
                add=visit.at.add(desk.slug) if desk.admin.can_add(visit.user) else "",
                count=await desk.admin.query(visit.request).count(),
            )
            for desk in desks
        ]
        groups.append(ModelGroup(title, cards))
    return visit.page("index.html", IndexPage(groups), title="Overview")


async def show_list(visit: Visit) -> Response:
    """Show a model's rows."""
    desk = desk_for(visit)
    page = await list_page(visit, desk)
    crumbs = visit.crumbs(Link(desk.plural))
    response = visit.page("list.html", page, title=desk.plural, crumbs=crumbs, desk=desk)
    visit.remember_list(response, desk, page.url)
    return response


async def take_action(visit: Visit) -> Response:
    """Do something with the rows that were picked."""
    desk = desk_for(visit)
    submitted = await visit.form()
    name = submitted.text("action")
    if name not in dict(actions_for(visit, desk)):
        raise Denied("do this", desk)
    keys = [desk.parse_key(text) for text in submitted.texts("key")[:MOST_PICKED]]
    query = desk.admin.query(visit.request).where(
        desk.key.in_([key for key in keys if key is not None])
    )
    rows = list(await query)
    if not rows:
        flash("Pick at least one row first.", "warning")
        return redirect(visit.path)
    if name == DELETE:
        return await delete_rows(visit, desk, rows, submitted, back=visit.path)
    action = next(each for each in desk.actions if each.name == name)
    try:
        text = await action.function(visit.request, query)
    except ClientError as exc:
        flash(told(exc), "error")
    else:
        noun = desk.label if len(rows) == 1 else desk.nouns
        flash(text or f"{action.label}: {len(rows)} {noun}.", "success")
    return redirect(visit.path)


async def show_add(visit: Visit) -> Response:
    """Show an empty form."""
    desk = _desk_to_add(visit)
    return await _form(visit, desk, await Editor(visit, desk, None).load())


async def save_add(visit: Visit) -> Response:
    """Add a row."""
    desk = _desk_to_add(visit)
    submitted = await visit.form()
    editor = await Editor(visit, desk, None, submitted).load()
    return await _finish(visit, desk, editor, submitted)


async def show_edit(visit: Visit) -> Response:
    """Show a row."""
    desk = desk_for(visit)
    row = await row_for(visit, desk, decode_key(visit.call.params["key"]))
    return await _form(visit, desk, await Editor(visit, desk, row).load())


async def save_edit(visit: Visit) -> Response:
    """Change a row."""
    desk = desk_for(visit)
    if not desk.admin.can_change(visit.user):
        raise Denied(f"change {desk.nouns}", desk)
    row = await row_for(visit, desk, decode_key(visit.call.params["key"]))
    submitted = await visit.form()
    editor = await Editor(visit, desk, row, submitted).load()
    return await _finish(visit, desk, editor, submitted)


async def show_delete(visit: Visit) -> Response:
    """Ask before a row is deleted."""
    desk, row = await _row_to_delete(visit)
    back = visit.at.edit(desk.slug, desk.key_of(row))
    keys = [getattr(row, desk.reflection.key.name)]
    found = await consequences_of(desk.model, keys, visit)
    return await _ask(visit, desk, [row], found, back=back)


async def do_delete(visit: Visit) -> Response:
    """Delete a row."""
    desk, row = await _row_to_delete(visit)
    back = visit.at.edit(desk.slug, desk.key_of(row))
    return await delete_rows(visit, desk, [row], await visit.form(), back=back)


async def delete_rows(
    visit: Visit, desk: Desk, rows: Sequence[Any], submitted: Submitted, *, back: str
) -> Response:
    """Delete rows, all or none; ask first unless that has happened."""
    keys = [getattr(row, desk.reflection.key.name) for row in rows]
    found = await consequences_of(desk.model, keys, visit)
    if submitted.text("_confirm") != "yes" or found.forbidden:
        return await _ask(visit, desk, rows, found, back=back, action=submitted.text("action"))
    names = [desk.name_of(row) for row in rows]
    try:
        async with transaction(desk.model.__table__.options.database):
            for row in rows:
                await desk.admin.delete(visit.request, row)
    except ClientError as exc:
        flash(told(exc), "error")
        return redirect(back)
    what = f"“{names[0]}”" if len(names) == 1 else f"{len(names)} {desk.nouns}"
    flash(f"{what} {'was' if len(names) == 1 else 'were'} deleted.", "success")
    return redirect(visit.list_url(desk))


async def show_lookup(visit: Visit) -> Response:
    """Answer the script with rows to choose from."""
    desk = desk_for(visit)
    if not _may_write(visit, desk.admin):
        raise Denied(f"change {desk.nouns}", desk)
    inline, _, name = visit.call.params["field"].rpartition(".")
    form = form_of(visit, desk, inline)
    # SECURITY: by any other relation one would find rows that no form of this visitor offers.
    if form is None or name not in form.written or name not in form.targets:
        raise Missing("There is nothing here", "No form offers such a relation.", desk)
    target = form.targets[name]
    if target.desk.slug and not target.desk.admin.can_view(visit.user):
        raise Denied(f"see {target.desk.nouns}", desk)
    return JSONResponse(
        await lookup(visit.request, target, visit.query.get("q", "")), headers=PAGE_HEADERS
    )


def form_of(visit: Visit, desk: Desk, inline: str) -> FormPlan | None:
    """Return the form of a desk, or that of the rows of an inline which the visitor may write."""
    if not inline:
        return desk.form  # type: ignore[no-any-return]
    plans = (plan for plan in desk.inlines if plan.name == inline)
    return next((plan.form for plan in plans if _may_write(visit, plan.admin)), None)


def _may_write(visit: Visit, admin: ModelAdmin) -> bool:
    return admin.can_change(visit.user) or admin.can_add(visit.user)


async def set_theme(visit: Visit) -> Response:
    """Remember the colours a visitor chose."""
    submitted = await visit.form()
    chosen = submitted.text("theme")
    answer = redirect(safe_path(submitted.text("next"), fallback=visit.at.home))
    if chosen in ("light", "dark"):
        answer.set_cookie(
            THEME_COOKIE, chosen, max_age=YEAR, path="/", secure=visit.is_secure,
            httponly=True, samesite="lax",
        )  # fmt: skip
    else:
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer


async def show_nothing(visit: Visit) -> Response:
    """Say that there is no such page, or lead to the one without a slash at the end."""
    if visit.call.path.endswith("/"):
        return redirect(visit.without_slash, 307, PAGE_HEADERS)
    raise Missing("There is nothing here", "No page of the admin has this address.")


def _desk_to_add(visit: Visit) -> Desk:
    desk = desk_for(visit)
    if not desk.admin.can_add(visit.user):
        raise Denied(f"add {desk.nouns}", desk)
    return desk


async def _row_to_delete(visit: Visit) -> tuple[Desk, Any]:
    desk = desk_for(visit)
    if not desk.admin.can_delete(visit.user):
        raise Denied(f"delete {desk.nouns}", desk)
    return desk, await row_for(visit, desk, decode_key(visit.call.params["key"]))


async def _form(
    visit: Visit,
    desk: Desk,
    editor: Editor,
    *,
    status_code: int = 200,
    problems: Sequence[str] = (),
    shows_errors: bool = True,
) -> Response:
    can_save = editor.row is None or desk.admin.can_change(visit.user)
    page = await editor.page(can_save=can_save, problems=problems, shows_errors=shows_errors)
    crumbs = visit.crumbs(Link(desk.plural, visit.list_url(desk)), Link(page.heading))
    return visit.page(
        "form.html", page, title=page.heading, crumbs=crumbs, desk=desk, status_code=status_code
    )


async def _finish(visit: Visit, desk: Desk, editor: Editor, submitted: Submitted) -> Response:
    """Save what was sent, or show it again with what is wrong or was looked for."""
    if editor.is_looking:
        return await _form(visit, desk, editor, shows_errors=False)
    if editor.is_stale:
        problem = (
            f"Somebody else has changed this {desk.label} since you opened it. "
            "Nothing was saved yet: what you see is what you typed. Save again to keep yours."
        )
        return await _form(visit, desk, editor, status_code=409, problems=[problem])
    row = await editor.save() if editor.is_valid else None
    if row is None:
        return await _form(visit, desk, editor, status_code=422)
    flash(f"“{desk.name_of(row)}” was {'added' if editor.row is None else 'saved'}.", "success")
    return _after_saving(visit, desk, row, submitted.text("_save"))


def _after_saving(visit: Visit, desk: Desk, row: Any, wish: str) -> Redirect:
    if wish == "edit":
        return redirect(visit.at.edit(desk.slug, desk.key_of(row)))
    if wish == "add" and desk.admin.can_add(visit.user):
        return redirect(visit.at.add(desk.slug))
    return redirect(visit.list_url(desk))


async def _ask(
    visit: Visit,
    desk: Desk,
    rows: Sequence[Any],
    found: Consequences,
    *,
    back: str,
    action: str = "",
) -> Response:
    keys = [getattr(row, desk.reflection.key.name) for row in rows]
    names = [desk.name_of(row) for row in rows]
    what = f"“{names[0]}”" if len(rows) == 1 else f"{len(rows)} {desk.nouns}"
    page = DeletePage(
        heading=f"Delete {what}?",
        names=names[:NAMED],
        count=len(rows),
        deleted=found.deleted,
        detached=found.detached,
        protected=found.protected,
        forbidden=found.forbidden,
        back=back,
        keys=[str(key) for key in keys] if action else (),
        action=action,
    )
    links = [Link(desk.plural, visit.list_url(desk))]
    if len(rows) == 1:
        links.append(Link(names[0], visit.at.edit(desk.slug, keys[0])))
    crumbs = visit.crumbs(*links, Link("Delete"))
    return visit.page("delete.html", page, title=page.heading, crumbs=crumbs, desk=desk)
