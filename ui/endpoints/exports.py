"""What leaves as a file and comes back: exported libraries, and pictures that carry their request."""

from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import File, endpoint, uploaded
from ui.endpoints.results import file_json, found_request_json, import_json


@endpoint("reads")
def export_library(
    studio: Studio, project_id: str, character_ids: list[str] | None = None, embeddings: bool = False
) -> answers.File:
    """A project, or some of its saved characters, as a zip for import_library and Hugging Face `datasets`.

    Args:
        project_id: whose library
        character_ids: these characters alone, without the stories; left out, the whole project
        embeddings: whether face identities go along, which are biometric data
    """
    return file_json(studio.exports.write(project_id, character_ids, embeddings))


@endpoint("adds")
def import_library(studio: Studio, project_id: str | None, zip_file: File) -> answers.Imported:
    """Adds what an export holds, under the ids that it had; what is there already stays as it is.

    Args:
        project_id: where it goes; null: the project that it came from, made anew where there is none
        zip_file: the export; in gradio_client `handle_file(path)`
    """
    return import_json(studio.library.import_zip(uploaded(zip_file), project_id))


@endpoint("reads")
def request_in(studio: Studio, picture: File) -> answers.FoundRequest | None:
    """The request that a PNG, JPEG or WebP carries, as request_of gives it; null where it says nothing of one.

    Beside it which `program` wrote it, its `sampler` and `model` as it calls them, and in `unused` the names of
    what else it says that a request cannot hold. Programs: A1111 and Forge, ComfyUI, InvokeAI, Fooocus, SwarmUI,
    NovelAI, Draw Things, Midjourney.

    Args:
        picture: the file; in gradio_client `handle_file(path)`
    """
    return found_request_json(studio, studio.requests.in_file(uploaded(picture)))
