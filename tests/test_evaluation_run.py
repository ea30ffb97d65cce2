"""A run's folder: killed and resumed, shared by processes, refused to another plan; and one through real models."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from fakes import GREEN, RED, YELLOW, FakeFaces, fake_maker, flat
from toy_packs import picture_of
from typer.testing import CliRunner

from errors import InvalidRequest
from evaluation.__main__ import app
from evaluation.measuring import MeasuredModels, Measurer
from evaluation.people import Example, Person, known_people
from evaluation.plan import make_jobs
from evaluation.retention import Retention, open_bench
from evaluation.run import begin, carry_out, read_command, read_dataset, read_plan, read_rows, remaining
from settings import BUILT_IN_PACKS

ROOT = Path(__file__).parent.parent
SAME = {"pack": "fake"}


@pytest.fixture
def jobs():
    return make_jobs({"mina": 3, "jun": 3}, ("in a hanbok", "in rain"), 2, 0.7)


@pytest.fixture
def measure():
    pictures = (Example(flat(RED)), Example(flat(GREEN)), Example(flat(YELLOW)))
    known = known_people([Person("mina", pictures), Person("jun", pictures)], FakeFaces().faces)
    return Measurer(MeasuredModels(fake_maker()), known).measure


def everything(folder):
    """The rows without their times, pictures by their bytes."""
    return [asdict(row) | {"seconds": None, "picture": row.picture.tobytes()} for row in read_rows(folder)]


def test_rows_come_back_as_they_were_measured(tmp_path, jobs, measure):
    begin(tmp_path, SAME, jobs)
    carry_out(tmp_path, jobs, remaining(tmp_path, jobs), measure)
    made = [row for job in jobs for row in measure(job)]
    for there, here in zip(read_rows(tmp_path), made, strict=True):
        assert (there.case, there.arm, there.missing, there.view) == (here.case, here.arm, here.missing, here.view)
        assert there.judge_similarity == pytest.approx(here.judge_similarity, abs=1e-6)
        assert there.picture.tobytes() == here.picture.tobytes()


def test_a_killed_run_goes_on_and_draws_nothing_twice(tmp_path, jobs, measure):
    drawn = Counter()

    def dies_at_the_fourth(job):
        if len(drawn) == 3:
            raise KeyboardInterrupt
        drawn[job[0].id] += 1
        return measure(job)

    def lives(job):
        drawn[job[0].id] += 1
        return measure(job)

    begin(tmp_path, SAME, jobs)
    with pytest.raises(KeyboardInterrupt):
        carry_out(tmp_path, jobs, remaining(tmp_path, jobs), dies_at_the_fourth)
    assert len(read_rows(tmp_path)) == sum(len(job) for job in jobs[:3])
    begin(tmp_path, SAME, jobs)
    carry_out(tmp_path, jobs, remaining(tmp_path, jobs), lives)
    assert drawn == Counter(job[0].id for job in jobs)
    assert [row.case for row in read_rows(tmp_path)] == [case.id for job in jobs for case in job]


def test_the_rows_are_in_the_order_of_the_plan_whoever_came_first(tmp_path, jobs, measure):
    begin(tmp_path, SAME, jobs)
    carry_out(tmp_path, jobs, reversed(remaining(tmp_path, jobs)), measure)
    assert [row.case for row in read_rows(tmp_path)] == [case.id for job in jobs for case in job]


def test_a_shard_that_was_not_finished_is_no_row(tmp_path, jobs, measure):
    begin(tmp_path, SAME, jobs)
    carry_out(tmp_path, jobs, [0], measure)
    (tmp_path / "rows" / ".000001.parquet.77").write_bytes(b"half")
    assert remaining(tmp_path, jobs)[0] == 1
    assert len(read_rows(tmp_path)) == len(jobs[0])


def test_another_plan_in_the_same_folder_is_refused(tmp_path, jobs):
    begin(tmp_path, SAME, jobs, "python -m evaluation retention")
    with pytest.raises(InvalidRequest, match=r"differs in pack\. .*python -m evaluation retention"):
        begin(tmp_path, {"pack": "another"}, jobs)
    with pytest.raises(InvalidRequest, match="differs in cases"):
        begin(tmp_path, SAME, jobs[1:])
    assert read_plan(tmp_path)["pack"] == "fake"


def test_rows_without_a_plan_are_not_taken_for_done(tmp_path, jobs, measure):
    begin(tmp_path, SAME, jobs)
    carry_out(tmp_path, jobs, [0], measure)
    (tmp_path / "plan.json").unlink()
    with pytest.raises(InvalidRequest, match="no plan"):
        begin(tmp_path, SAME, jobs)


def test_a_folder_without_a_run_says_so(tmp_path):
    for read in (read_rows, read_dataset, read_plan):
        with pytest.raises(InvalidRequest, match="--output"):
            read(tmp_path)
    assert read_command(tmp_path) == ""


def test_the_rows_are_a_dataset(tmp_path, jobs, measure):
    begin(tmp_path, SAME, jobs)
    carry_out(tmp_path, jobs, remaining(tmp_path, jobs), measure)
    dataset = read_dataset(tmp_path)
    assert dataset.num_rows == sum(len(job) for job in jobs)
    assert dataset[0]["picture"].size == (64, 64)


def test_a_quick_run_draws_some_thirty_pictures_of_six_drawn_people(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked = Retention("paperdoll", (BUILT_IN_PACKS,), tmp_path / "run", quick=True)
    bench = open_bench(asked, lambda pack, threads: MeasuredModels(fake_maker(pack=pack)))
    cases = [case for job in bench.jobs for case in job]
    assert len({case.identity for case in cases}) == 6
    assert sum(case.depth > 0 for case in cases) == 30
    assert bench.determinants["data"] == "drawn people of paperdoll"


# -- Through the real models -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def options(toy_packs, tmp_path_factory):
    """A toy pack, two people with three pictures each in sub-folders, and one prompt."""
    folder = tmp_path_factory.mktemp("people")
    for name, colour in (("jun", (30, 140, 60)), ("mina", (180, 60, 40))):
        (folder / name).mkdir()
        for shade in range(3):
            shaded = tuple(value + 9 * shade for value in colour)
            picture_of(shaded).save(folder / name / f"{shade}.png")
    prompts = folder.parent / "prompts.txt"
    prompts.write_text("in a hanbok\n")
    return [
        *("--pack", "doll", "--packs", str(toy_packs), "--references", str(folder), "--prompts", str(prompts)),
        *("--count", "2", "--threads", "1"),
    ]


@pytest.fixture(scope="module")
def single(options, tmp_path_factory):
    output = tmp_path_factory.mktemp("single")
    result = CliRunner().invoke(app, ["retention", *options, "--output", str(output)], catch_exceptions=False)
    assert f"python -m evaluation report {output}" in result.output
    return output


def test_one_command_gives_every_arm_of_a_pack_in_the_published_layout(single):
    rows = read_rows(single)
    assert Counter(row.arm for row in rows) == {
        "variant": 4, "no adapter": 4, "scale": 16, "references": 4, "chain": 6,
        "pasted": 2, "true pair": 2, "stranger": 2,
    }  # fmt: skip
    assert all(row.judge_similarity == pytest.approx(1) for row in rows if row.arm == "pasted")
    assert all(row.judge_similarity < 0.999 for row in rows if row.arm == "stranger")
    plan = json.loads((single / "plan.json").read_text())
    assert plan["encoders"] == {"steering": "toy-steering", "judge": "toy-judge"}
    assert plan["people"] == ["jun", "mina"] and plan["versions"]["diffusers"]


def test_the_same_command_again_draws_nothing(single, options):
    written = {file: file.stat().st_mtime_ns for file in (single / "rows").iterdir()}
    CliRunner().invoke(app, ["retention", *options, "--output", str(single)], catch_exceptions=False)
    assert written == {file: file.stat().st_mtime_ns for file in (single / "rows").iterdir()}


def test_another_pack_in_the_same_folder_is_refused(single, options):
    with pytest.raises(InvalidRequest, match="differs in pack, weights"):
        CliRunner().invoke(
            app, ["retention", *options, "--pack", "lora", "--output", str(single)], catch_exceptions=False
        )


def test_two_processes_give_the_rows_of_one(single, options, tmp_path):
    launch = ["--multi_gpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    launch += ["--dynamo_backend", "no", "--main_process_port", "0"]
    command = [*("-m", "accelerate.commands.launch"), *launch, "-m", "evaluation", "retention"]
    said = run(*command, *options, "--output", str(tmp_path))
    assert "10/10" in said and "/20" not in said  # of 20 jobs each process had half
    assert everything(tmp_path) == everything(single)


def test_a_ray_cluster_gives_the_rows_of_one_process(single, options, tmp_path):
    run("-m", "evaluation", "retention", *options, "--output", str(tmp_path), "--ray", "1")
    assert everything(tmp_path) == everything(single)


def test_a_pack_without_people_of_its_own_asks_for_references(toy_packs, tmp_path):
    with pytest.raises(InvalidRequest, match="--references"):
        CliRunner().invoke(
            app,
            ["retention", "--pack", "doll", "--packs", str(toy_packs), "--output", str(tmp_path)],
            catch_exceptions=False,
        )


def run(*arguments):
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr
