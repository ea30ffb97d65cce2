"""Projects, their stories, and the prompts that a story makes of what is written."""

from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import Look, Name, Words, endpoint, profile_of
from ui.endpoints.results import project_json, prompt_json, story_json


@endpoint("adds")
def create_project(studio: Studio, name: Name) -> answers.Project:
    """Makes a project; its stories share one character library.

    Args:
        name: what the project is called
    """
    return project_json(studio.library.create_project(name))


@endpoint("reads")
def list_projects(studio: Studio, trashed: bool = False) -> list[answers.Project]:
    """The projects, oldest first.

    Args:
        trashed: those in the trash instead
    """
    return [project_json(project) for project in studio.library.list_projects(trashed)]


@endpoint("loses")
def rename_project(studio: Studio, project_id: str, name: Name) -> answers.Project:
    """Gives a project another name.

    Args:
        project_id: which project
        name: what it is called from now on
    """
    return project_json(studio.library.rename_project(project_id, name))


@endpoint("sets")
def trash_project(studio: Studio, project_id: str) -> answers.Project:
    """Takes a project with all its stories out of the lists, until restore_project.

    Args:
        project_id: which project
    """
    return project_json(studio.library.trash_project(project_id))


@endpoint("sets")
def restore_project(studio: Studio, project_id: str) -> answers.Project:
    """Takes a project out of the trash.

    Args:
        project_id: which project
    """
    return project_json(studio.library.restore_project(project_id))


@endpoint("adds")
def create_story(studio: Studio, project_id: str, title: Name, context: Words = "") -> answers.Story:
    """Makes a story in a project.

    Args:
        project_id: the project it belongs to
        title: what the story is called
        context: premise and style lines that every prompt of the story gets
    """
    return story_json(studio.library.create_story(project_id, title, context))


@endpoint("reads")
def list_stories(studio: Studio, project_id: str, trashed: bool = False) -> list[answers.Story]:
    """The stories of a project, oldest first.

    Args:
        project_id: whose stories
        trashed: those in the trash instead
    """
    return [story_json(story) for story in studio.library.list_stories(project_id, trashed)]


@endpoint("loses")
def rename_story(studio: Studio, story_id: str, title: Name) -> answers.Story:
    """Gives a story another title.

    Args:
        story_id: which story
        title: what it is called from now on
    """
    return story_json(studio.library.update_story(story_id, title))


@endpoint("loses")
def set_context(studio: Studio, story_id: str, context: Words, instead_of: str | None = None) -> answers.Story:
    """Changes the premise and style lines that every prompt of the story gets.

    Args:
        story_id: which story
        context: the new lines
        instead_of: the lines that you read before; refused where somebody has changed them since
    """
    return story_json(studio.library.update_story(story_id, context=context, instead_of=instead_of))


@endpoint("sets")
def trash_story(studio: Studio, story_id: str) -> answers.Story:
    """Takes a story out of the lists, until restore_story.

    Args:
        story_id: which story
    """
    return story_json(studio.library.trash_story(story_id))


@endpoint("sets")
def restore_story(studio: Studio, story_id: str) -> answers.Story:
    """Takes a story out of the trash.

    Args:
        story_id: which story
    """
    return story_json(studio.library.restore_story(story_id))


@endpoint("reads")
def prompt_of_character(
    studio: Studio, story_id: str, prompt: Words, visual_profile: Look | None = None
) -> answers.Prompt:
    """What generate_character would draw: prompt, profile and the story's context in one. Nothing is drawn.
    What it says to leave away is kept_out; of Korean and Japanese in_english is what the pack is told. All in
    left_out, the unknown_words too, would not be drawn; words half_said say too little, and come with phrases that
    say more; near phrases are offered for unknown ones.

    Args:
        story_id: the story
        prompt: what to draw
        visual_profile: any of hair, face, body, outfit, accessories, other
    """
    return prompt_json(studio, studio.drawing.prompt_of_character(story_id, prompt, profile_of(visual_profile)))


@endpoint("reads")
def prompt_of_variant(
    studio: Studio, story_id: str, reference_image_id: str, prompt: Words, look: Look | None = None
) -> answers.Prompt:
    """What generate_character_variant would draw: the scene, who it is, the story's context. Nothing is drawn.
    What it says to leave away is kept_out; of Korean and Japanese in_english is what the pack is told. All in
    left_out, the unknown_words too, would not be drawn; words half_said say too little, and come with phrases that
    say more; near phrases are offered for unknown ones.

    Args:
        story_id: the story
        reference_image_id: the picture that shows the person
        prompt: the scene
        look: what they wear there, and its mood: any of outfit, accessories, other
    """
    drawn = studio.drawing.prompt_of_variant(story_id, reference_image_id, prompt, look=profile_of(look))
    return prompt_json(studio, drawn)
