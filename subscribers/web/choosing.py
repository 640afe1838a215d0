"""The preferences page: what a reader wants, with today's digest as it would be; no log-in, the link is the key."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from newsletter.errors import PaperboyError, RosterError
from newsletter.steps.seeds import known_seeds
from subscribers import due, pasted, preferences, queries, roster, voting, wishes
from subscribers.models import Cadence, Subscriber
from subscribers.tokens import Purpose
from subscribers.web import forms
from subscribers.web.choosing_page import Foreseen, Reader, Said, next_digest, preview_values, values
from subscribers.web.forms import Form
from subscribers.web.frame import Frame
from subscribers.web.preview_now import PATIENCE, Allowance, NotNow, Previews

LARGEST = 1024 * 1024
"""Bytes of the form with its file: an export of some hundred papers with their abstracts."""

_SOON = 3.0  # seconds for which the page waits to have the preview in it from the start
_SAVES = 40  # a minute for one link
_FILES = 12  # a minute for one link: the worst that is read takes a second of a core
_MOST_LINES = 10  # mistakes of a file that are shown
_FILE = "my-choices.yaml"
_PAUSES = {"week": 7, "fortnight": 14, "month": 30}  # days


def router(frame: Frame) -> APIRouter:
    """The pages of choosing."""
    routes = APIRouter()
    pages = _Pages(frame, Previews(frame.database, frame.settings), Allowance(_SAVES), Allowance(_FILES))

    # Before the page itself, whose address its own begins with.
    @routes.get("/preferences/{signed}.yaml")
    def download(signed: str) -> Response:
        return pages.download(signed)

    @routes.get("/preferences/{signed}")
    async def show(signed: str) -> Response:
        reader = await run_in_threadpool(pages.reader, signed)
        return await pages.page(reader, patience=_SOON)

    @routes.post("/preferences/{signed}")
    async def save(signed: str, form: Annotated[Form, Depends(_large)]) -> Response:
        reader = await run_in_threadpool(pages.reader, signed)
        if form.get("do") == "related":
            return await pages.suggest(reader, form)
        return await pages.save(reader, form)

    @routes.post("/preferences/{signed}/preview")
    async def preview(signed: str, form: Annotated[Form, Depends(_large)], part: int = 0) -> Response:
        reader = await run_in_threadpool(pages.reader, signed)
        return await pages.try_out(reader, form, part=bool(part))

    @routes.post("/preferences/{signed}/upload")
    async def upload(signed: str, form: Annotated[Form, Depends(_large)]) -> Response:
        reader = await run_in_threadpool(pages.reader, signed)
        return await pages.upload(reader, form)

    @routes.post("/preferences/{signed}/pause")
    async def pause(signed: str, form: Annotated[Form, Depends(frame.form)]) -> Response:
        reader = await run_in_threadpool(pages.reader, signed)
        return await pages.pause(reader, form)

    return routes


async def _large(request: Request) -> Form:
    return await forms.read(request, most=LARGEST)


@dataclass(frozen=True, slots=True)
class _Pages:
    """What the handlers need; what touches the database or reads much runs in a thread."""

    frame: Frame
    previews: Previews
    saves: Allowance
    files: Allowance

    def reader(self, signed: str) -> Reader:
        """Whose link it is, with what is offered to them and what their votes come to."""
        token = self.frame.read(Purpose.PREFERENCES, signed)
        with self.frame.database.read() as tx:
            known = preferences.preferences(tx, token)
            voted = voting.voted(tx, known.id, now=self.frame.clock())
            papers = known_seeds(tx, known.subscriber.wants.seeds)
            return Reader(signed, known, queries.all_topics(tx), voted, papers)

    # ---- the preview -----------------------------------------------------------------------------------------------

    async def foresee(self, reader: Reader, wanted: Subscriber, *, patience: float = PATIENCE) -> Foreseen:
        """The digest for what they want, or the sentence why there is none now."""
        try:
            made = await self.previews.show(
                reader.known.token,
                reader.profile(wanted),
                reader.profile(reader.known.subscriber),
                weekly=wanted.schedule.cadence is Cadence.WEEKLY,
                now=self.frame.clock(),
                patience=patience,
            )
        except NotNow as error:
            return Foreseen(sentence=str(error), status=error.status, again=error.again)
        except PaperboyError:
            return Foreseen(sentence="There is no edition yet. With the first one this page shows what you would get.")
        return Foreseen(made)

    async def page(
        self,
        reader: Reader,
        fields: wishes.Fields | None = None,
        said: Said | None = None,
        *,
        wanted: Subscriber | None = None,
        status: int = 200,
        patience: float = PATIENCE,
    ) -> Response:
        """The whole page, with their own choices where nothing else is given."""
        person = reader.known.subscriber
        foreseen = await self.foresee(reader, wanted or person, patience=patience)
        shown = values(self.frame, reader, fields or wishes.fields(person), said or Said(), foreseen)
        return self.frame.page("choose.html", status, **shown)

    async def try_out(self, reader: Reader, form: Form, *, part: bool) -> Response:
        """What the choices of a form would bring; as a part of the page for its script."""
        reading, fields = await run_in_threadpool(_read, reader, form)
        if not part:
            said = Said(reading.mistakes, reading.notes)
            return await self.page(reader, fields, said, wanted=reading.wanted)
        foreseen = await self.foresee(reader, reading.wanted)
        if foreseen.status != 200:
            headers = {"Retry-After": str(foreseen.again)}
            return PlainTextResponse(foreseen.sentence, foreseen.status, headers=headers)
        return self.frame.page("choose_preview.html", **preview_values(self.frame, foreseen, reading.mistakes))

    async def suggest(self, reader: Reader, form: Form) -> Response:
        """The page with terms that go with what was typed; they count once they are ticked."""
        reading, fields = await run_in_threadpool(_read, reader, form)
        interests = reading.wanted.wants.interests()
        notes = list(reading.notes)
        found = None
        try:
            found = await self.previews.related(reader.known.token, interests, now=self.frame.clock())
        except NotNow as error:
            notes.append(str(error).replace("preview", "suggestion"))
        except PaperboyError:
            notes.append("There are no papers yet in which related words could be found.")
        said = Said(reading.mistakes, notes, related=found.terms if found else None)
        return await self.page(reader, fields, said, wanted=reading.wanted)

    # ---- keeping ---------------------------------------------------------------------------------------------------

    async def save(self, reader: Reader, form: Form) -> Response:
        """Keep what a form says, or say what is wrong with it."""
        reading, fields = await run_in_threadpool(_read, reader, form)
        if reading.mistakes:
            said = Said(reading.mistakes, reading.notes)
            return await self.page(reader, fields, said, wanted=reading.wanted, status=422)
        return await self.keep(reader, reading.wanted, fields, reading.notes, field="form")

    async def keep(
        self, reader: Reader, wanted: Subscriber, fields: wishes.Fields | None, notes: tuple[str, ...], *, field: str
    ) -> Response:
        """Keep choices, and show the page that says so."""
        now, token = self.frame.clock(), reader.known.token
        if not self.saves.take(token, now):
            said = Said({field: ("That was saved very often in a minute; please try again in a moment.",)})
            return await self.page(reader, fields, said, wanted=wanted, status=429)
        try:
            await run_in_threadpool(preferences.set_preferences, self.frame.database, token, wanted)
        except PaperboyError as error:
            said = Said({field: (str(error),)}, notes)
            return await self.page(reader, fields, said, wanted=wanted, status=422)
        after = await run_in_threadpool(self.reader, reader.signed)
        when = next_digest(after.known.subscriber, now)
        done = f"Saved. Your next digest is due on {when}." if when else "Saved."
        return await self.page(after, said=Said(notes=notes, done=done))

    async def pause(self, reader: Reader, form: Form) -> Response:
        """Send nothing for a while, or again."""
        person, now = reader.known.subscriber, self.frame.clock()
        until, wrong = _until(form, due.local_day(person.schedule, now))
        if wrong:
            return await self.page(reader, said=Said({"pause": (wrong,)}), status=422)
        try:
            await run_in_threadpool(preferences.pause, self.frame.database, reader.known.token, until)
        except PaperboyError as error:
            return await self.page(reader, said=Said({"pause": (str(error),)}), status=422)
        after = await run_in_threadpool(self.reader, reader.signed)
        when = next_digest(after.known.subscriber, now)
        done = "Your digests come again." if until is None else "Your digests pause."
        return await self.page(after, said=Said(done=f"{done} The next one is due on {when}." if when else done))

    # ---- as a file -------------------------------------------------------------------------------------------------

    def download(self, signed: str) -> Response:
        """Their choices as they would stand in the roster."""
        person = self.reader(signed).known.subscriber
        text = f"# Your choices; upload this file on your page, changed or not.\n{roster.dump_person(person)}"
        headers = {"Content-Disposition": f'attachment; filename="{_FILE}"'}
        return Response(text, media_type="application/yaml", headers=headers)

    async def upload(self, reader: Reader, form: Form) -> Response:
        """Keep the choices of a file, all or nothing."""
        content = form.files.get("file", b"")
        if not content.strip():
            said = Said({"upload": ("No file was chosen, or it is empty; choose the one you downloaded.",)})
            return await self.page(reader, said=said, status=422)
        if not self.files.take(reader.known.token, self.frame.clock()):
            said = Said({"upload": ("These were many files in a minute; please try again in a moment.",)})
            return await self.page(reader, said=said, status=429)
        try:
            found = await run_in_threadpool(_uploaded, reader, content)
        except RosterError as error:
            lines = tuple(one.replace("line:", "Line ", 1) for one in error.mistakes[:_MOST_LINES])
            said = Said({"upload": lines or (str(error),)})
            return await self.page(reader, said=said, status=422)
        return await self.keep(reader, found.wanted, None, roster.ignored(found), field="upload")


def _read(reader: Reader, form: Form) -> tuple[wishes.Reading, Mapping[str, tuple[str, ...]]]:
    """What a form comes to, and its fields as they are shown again."""
    person = reader.known.subscriber
    posted: dict[str, tuple[str, ...]] = {name: form.all(name) for name, _value in form.fields}
    wrong: dict[str, tuple[str, ...]] = {}
    file = ""
    try:
        file = pasted.decoded(form.files.get("file", b""))
    except ValueError as error:
        wrong = {"file": (str(error),)}
    reading = wishes.read(posted, person, topics=reader.topics, file=file)
    fields = wishes.typed(posted, file=file) if wishes.END in posted else wishes.fields(person)
    return replace(reading, mistakes={**reading.mistakes, **wrong}), fields


def _uploaded(reader: Reader, content: bytes) -> roster.Uploaded:
    return roster.parse_person(roster.decoded(content), reader.known.subscriber, topics=reader.topics, path="line")


def _until(form: Form, today: date) -> tuple[date | None, str]:
    """Until when a pause is asked for, None to end it, and what is wrong with the day."""
    what = form.get("for")
    if what == "none":
        return None, ""
    if what in _PAUSES:
        return today + timedelta(days=_PAUSES[what]), ""
    if what != "day":
        raise HTTPException(422)
    try:
        until = date.fromisoformat(form.get("until").strip())
    except ValueError:
        return None, "This is no day; write year-month-day, for example 2030-09-01."
    return (until, "") if until > today else (None, "This day is over or has begun; choose a later one.")
