"""What each endpoint answers, field by field: the schemas that programs are told are made from these.

Times are ISO 8601 in UTC. A `url` is relative to the app's own address, and null where the file is missing or damaged.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from library_store.records import How, Source
from pipeline.request import Why
from pipeline.values import Band, NotMeasured, Verdict

Json = dict[str, Any]


class Project(TypedDict):
    project_id: str
    name: str
    trashed_at: str | None


class Story(TypedDict):
    story_id: str
    project_id: str
    title: str
    context: str
    trashed_at: str | None


class Use(Story):
    """A story in which a character has pictures on offer."""

    image_ids: list[str]


class Left(TypedDict):
    words: str
    why: Why


class Read(TypedDict):
    """What the pack makes of a prompt."""

    in_english: str | None
    kept_out: str
    unknown_words: list[str]
    half_said: dict[str, list[str]]
    offered: dict[str, list[str]]
    left_out: list[Left]


class Prompt(Read):
    prompt: str


class Profile(TypedDict):
    hair: str
    face: str
    body: str
    outfit: str
    accessories: str
    other: str


class Against(TypedDict):
    """Whom two faces were measured against."""

    strangers: int
    hands: int
    own: int


class Objected(TypedDict):
    """What speaks against a picture: an English sentence where it is set aside, and each reason by its `kind`."""

    rejection: str | None
    objections: list[Json]


class Likeness(Objected):
    similarity: float | None
    encoder: str | None
    band: Band
    false_accept_rate: float | None
    copied: bool | None
    steering_similarity: float | None
    not_measured: NotMeasured | None
    circular: bool
    usual: bool | None
    loosest_rate: float | None
    as_written: str | None
    score: float | None
    against: Against | None
    lost_marks: list[str] | None
    kept_marks: list[str] | None
    unwanted_marks: list[str] | None
    reason: str


class Judgement(TypedDict):
    similarity: float
    score: float
    band: Band
    false_accept_rate: float | None
    usual: bool
    against: Against | None


class Character(TypedDict):
    character_id: str
    project_id: str
    name: str
    description: str
    prompt: str
    visual_profile: Profile
    tags: list[str]
    is_favourite: bool
    is_saved_to_library: bool
    saved_at: str | None
    trashed_at: str | None
    copied_from_id: str | None
    canonical_image_id: str | None
    url: str | None


class Match(Character):
    """A saved character who is alike to a face."""

    image_id: str
    similarity: float
    judgement: Judgement | None


class Image(TypedDict):
    """A kept picture."""

    image_id: str
    character_id: str
    url: str | None
    width: int
    height: int
    source: Source
    parent_id: str | None
    pack: str | None
    seed: int | None
    verdict: Verdict
    likeness: Likeness | None
    created_at: str | None


class Option(TypedDict):
    """A picture on offer for a cast member."""

    image_id: str
    url: str | None
    how: How
    seed: int | None
    is_active: bool
    verdict: Verdict
    likeness: Likeness | None


class Member(TypedDict):
    """A character's entry in a story."""

    cast_member_id: str
    story_id: str
    character_id: str
    name: str
    active_image_id: str | None
    options: list[Option]


class Step(TypedDict):
    """How far a drawing is. Before its first step is done nobody knows how many there will be."""

    run_id: str
    step: int
    steps: int | None
    ahead: int


class Ranked(Objected):
    image_id: str | None
    seed: int
    verdict: Verdict


class Drawn(Member, Read):
    """What came of a drawing; `pictures` are all that were drawn, best first."""

    new_image_ids: list[str]
    pictures: list[Ranked]
    prompt: str
    cut_off: str
    stopped: bool
    story_in_trash: bool


class Run(Step):
    story_id: str
    name: str
    request: Json
    state: Literal["waiting", "drawing", "stopping", "done", "stopped", "failed"]
    started_at: str | None


class Again(TypedDict):
    same_pixels: bool
    changed_since: list[str]


class Request(TypedDict):
    """All that a picture was drawn by."""

    version: int
    written: str
    prompt: str
    negative_prompt: str
    seed: int
    count: int
    steps: int
    guidance_scale: float
    identity_scale: float
    scheduler: str
    width: int
    height: int
    pack: str
    scheduler_settings: Json
    pack_hash: str
    steering: list[Json]
    look: Profile
    context: str
    place: int | None
    left_out: list[Left]
    engine: Json | None
    assumed: list[str]
    picture_seed: int
    changed_since: list[str] | None


class FoundRequest(Request):
    """One that another program may have written."""

    program: str
    sampler: str
    model: str
    unused: list[str]


class FoundFace(TypedDict):
    box: list[float]
    detection_score: float


class Upload(TypedDict):
    width: int
    height: int
    faces: list[FoundFace]
    said: list[str]


class PageFace(TypedDict):
    page: str
    detection_score: float


class Person(TypedDict):
    faces: list[int]
    known: Match | None


class UnreadPage(TypedDict):
    page: str
    reason: str


class Episode(TypedDict):
    episode_id: str
    pages: int
    faces: list[PageFace]
    people: list[Person]
    unread: list[UnreadPage]


class Outlier(TypedDict):
    """A picture of a character that shows somebody else."""

    image_id: str
    similarity: float
    rate: float
    threshold: float
    score: float | None
    reason: str


class Rate(TypedDict):
    expected: float
    threshold: float
    pairs: int
    passed: int
    interval: list[float]


class AlikePair(TypedDict):
    characters: list[Character]
    similarity: float


class LibraryCheck(TypedDict):
    characters: int
    left_out: int
    rates: list[Rate]
    most_alike: list[AlikePair]


class Purge(TypedDict):
    images: int
    stories: list[Story]
    children: int


class Purged(TypedDict):
    character_id: str


class Imported(TypedDict):
    project_id: str
    added: int
    skipped: int
    pictures: int


class File(TypedDict):
    """A file to be had at /gradio_api/file= and its `path`."""

    path: str
    url: str | None
    size: int | None
    orig_name: str | None
    mime_type: str | None
    is_stream: bool
    meta: Json
