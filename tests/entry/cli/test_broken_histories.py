"""Broken histories: each gives one clear message with a remedy; mended, a rerun does the rest."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.entry.cli import interrupted
from tests.entry.cli.portfolio import Answer, Cli
from tests.entry.cli.relational import FEATURES, NAMES, applications, loans, payments, write_project

from scorewright.flows.features import build as building

FINE, FINDINGS, USAGE, FAILURE = 0, 1, 2, 3
BUILDS = Path(".scorewright/features")
IN_BUCKETS = ("--memory-mb", "100", "--processes", "1")
IN_MORE_BUCKETS = ("--memory-mb", "100", "--processes", "3")


@pytest.fixture
def project(cli: Cli) -> Cli:
    """The command line in a folder with a project that is sound, until a test breaks it."""
    write_project(Path())
    return cli


def edit(file: str, old: str, new: str) -> None:
    """Replace what is there exactly once."""
    path = Path(file)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text)
    path.write_text(text.replace(old, new), encoding="utf-8")


def refused(answer: Answer, exit_code: int, code: str, *words: str) -> None:
    """One message, one remedy, the right exit code, the words that locate the fault."""
    assert answer.code == exit_code, answer
    assert answer.err.count("error (") == 1, answer
    assert f"error ({code})" in answer.err, answer
    assert answer.err.count("what to do:") == 1
    assert "unexpected" not in answer.err
    for word in words:
        assert word in answer.text, (word, answer.text)


def nothing_half_written(root: Path = Path()) -> None:
    """No build that counts, and no temporary file."""
    assert list(root.rglob("features.json")) == []
    assert [p for p in root.rglob("*") if ".part-" in p.name or p.suffix == ".part"] == []


def build(cli: Cli, *arguments: str | Path) -> Answer:
    return cli("features", "build", *arguments)


def built(cli: Cli, *arguments: str) -> pl.DataFrame:
    """Build, require that it went well, and return the features by application."""
    answer = build(cli, "-o", "built.parquet", *arguments)
    assert answer.code == FINE, answer
    return pl.read_parquet("built.parquet").sort("app_id")


def alike(file: str, whole: pl.DataFrame) -> None:
    """Require the features that were computed in another way."""
    assert_frame_equal(pl.read_parquet(file).sort("app_id"), whole, rel_tol=1e-9, abs_tol=0)


def mended(cli: Cli) -> None:
    """After the same project was mended, the same command completes."""
    write_project(Path())
    frame = built(cli)
    assert frame.columns == ["app_id", *NAMES]
    assert frame.height == applications().height


# --- Tables that are not there, or not whole ---------------------------------------------------


def test_a_table_whose_file_is_missing(project: Cli) -> None:
    Path("loans.csv").rename("loanss.csv")
    for command in (("features", "build"), ("features", "check"), ("data", "check")):
        refused(project(*command), USAGE, "data-file-missing", "loans.csv", "[tables.loans]")
    nothing_half_written()
    mended(project)


def test_a_glob_that_matches_nothing(project: Cli) -> None:
    shutil.rmtree("payments")
    refused(build(project), USAGE, "data-file-missing", "No file matches", "payments/*.parquet")


def test_a_feature_file_that_links_a_table_the_project_lacks(project: Cli) -> None:
    edit("features.toml", "[tables.payments]", "[tables.payment]")
    refused(build(project), USAGE, "features-relations", "'payment'", "write [tables.payments]")


def test_a_feature_file_that_links_the_applications_themselves(project: Cli) -> None:
    edit(
        "features.toml",
        "[tables.payments]",
        "[tables.applications]\non='app_id'\n[tables.payments]",
    )
    answer = build(project)
    refused(answer, USAGE, "features-relations", "which is the applications", "Take [tables.appl")


def test_a_table_without_a_contract_gets_one_from_data_check(project: Cli) -> None:
    Path("contracts/loans.toml").unlink()
    refused(build(project), USAGE, "contract-missing", "'loans'", "scorewright data check")
    assert project("data", "check").code == FINE
    assert build(project).code == FINE


def test_a_child_table_of_a_header_alone(project: Cli) -> None:
    loans().head(0).write_csv("loans.csv")
    frame = built(project)
    assert frame["loans_count"].unique().to_list() == [0]
    assert frame["debt_to_income"].null_count() == frame.height
    # The payments of those loans are orphans now, and both are said.
    answer = project("features", "check")
    assert answer.code == FINE
    for words in ("FEAT-004", "5,600 of 5,600 rows", "FEAT-006", "debt_to_income"):
        assert words in answer.text


def test_a_child_table_of_parquet_without_rows(project: Cli) -> None:
    for part in Path("payments").iterdir():
        payments().head(0).write_parquet(part)
    frame = built(project)
    assert frame["paid_mean"].null_count() == frame.height
    assert frame["loans_count"].sum() == loans().height


def test_a_child_table_of_no_bytes(project: Cli) -> None:
    Path("loans.csv").write_bytes(b"")
    refused(build(project), USAGE, "data-file-empty", "loans.csv")


# --- Files that cannot be read -----------------------------------------------------------------


def test_a_truncated_parquet_part(project: Cli) -> None:
    part = Path("payments/part-2.parquet")
    part.write_bytes(part.read_bytes()[:-2000])
    refused(build(project), USAGE, "data-unreadable", "part-2.parquet", "ends early")
    nothing_half_written()
    mended(project)


def test_a_parquet_part_damaged_within(project: Cli) -> None:
    part = Path("payments/part-1.parquet")
    content = bytearray(part.read_bytes())
    content[200:2000] = b"x" * 1800
    part.write_bytes(bytes(content))
    refused(build(project), USAGE, "data-unreadable", "part-1.parquet")
    nothing_half_written()


def test_a_parquet_part_without_one_of_the_columns(project: Cli) -> None:
    payments().drop("paid").write_parquet("payments/part-2.parquet")
    refused(build(project), USAGE, "data-column-missing", "'paid'", "part-2.parquet")
    refused(project("data", "check"), USAGE, "data-columns-differ", "paid")


def test_a_parquet_part_of_the_wrong_type_names_the_row(project: Cli) -> None:
    rows = payments().slice(3000)
    rows = rows.with_columns(
        paid=pl.when(pl.int_range(pl.len()) == 41).then(pl.lit("much")).otherwise(
            pl.col("paid").cast(pl.String)
        )
    )  # fmt: skip
    rows.write_parquet("payments/part-2.parquet")
    answer = build(project)
    refused(answer, FINDINGS, "data-type", "'much'", "part-2.parquet", "row 42", "column 'paid'")
    nothing_half_written()
    mended(project)


def test_a_csv_cell_of_the_wrong_type_names_the_row(project: Cli) -> None:
    lines = Path("loans.csv").read_text(encoding="utf-8").splitlines()
    lines[20] = "1020,7,2021-01-01,much,car"
    Path("loans.csv").write_text("\n".join(lines), encoding="utf-8")
    refused(build(project), FINDINGS, "data-type", "'much'", "loans.csv", "row 20", "'debt'")


def test_dates_as_text_of_another_country(project: Cli) -> None:
    loans().with_columns(pl.col("opened").dt.strftime("%d.%m.%Y")).write_csv("loans.csv")
    answer = build(project)
    refused(answer, FINDINGS, "data-type", "700 values", "row 1", "'opened'", "YYYY-MM-DD")


def test_numbers_that_are_not_finite_are_missing_and_told(project: Cli) -> None:
    rows = payments().with_columns(
        paid=pl.when(pl.col("loan_id") == 1001).then(float("nan"))
        .when(pl.col("loan_id") == 1002).then(float("inf"))
        .otherwise(pl.col("paid"))
    )  # fmt: skip
    rows.head(3000).write_parquet("payments/part-1.parquet")
    answer = project("data", "check")
    assert answer.code == FINDINGS
    assert "not-finite" in answer.text
    assert built(project)["paid_mean"].is_finite().drop_nulls().all()


def test_one_file_of_a_glob_in_another_encoding(project: Cli) -> None:
    edit("scorewright.toml", '"loans.csv"', '"loans-*.csv"')
    loans().head(300).write_csv("loans-1.csv")
    rest = loans().slice(300).with_columns(kind=pl.lit("höme")).write_csv()
    Path("loans-2.csv").write_bytes(rest.encode("cp1252"))
    answer = build(project)
    refused(answer, USAGE, "data-encoding", "loans-2.csv", "line 2", "cp1252", "UTF-8")
    Path("loans-2.csv").write_text(rest, encoding="utf-8")
    assert build(project).code == FINE


def test_whole_rows_in_quotes_are_read(project: Cli) -> None:
    plain = built(project)
    lines = Path("loans.csv").read_text(encoding="utf-8").splitlines()
    Path("loans.csv").write_text("".join(f'"{line}"\n' for line in lines), encoding="utf-8")
    assert built(project).equals(plain)


@pytest.mark.parametrize(("all_but", "code"), [(True, "data-unreadable"), (False, "data-ragged")])
def test_some_rows_in_quotes_are_refused_with_the_line(
    project: Cli, all_but: bool, code: str
) -> None:
    lines = Path("loans.csv").read_text(encoding="utf-8").splitlines()
    quoted = [f'"{line}"' if (i == 7) != all_but else line for i, line in enumerate(lines)]
    Path("loans.csv").write_text("\n".join(quoted), encoding="utf-8")
    refused(build(project), USAGE, code, "loans.csv", "line 8")


# --- Keys and links ----------------------------------------------------------------------------


def test_orphans_are_told_and_left_out(project: Cli) -> None:
    rows = payments().with_columns(
        loan_id=pl.when(pl.col("loan_id") < 1004).then(9000).otherwise(pl.col("loan_id"))
    )
    rows.head(3000).write_parquet("payments/part-1.parquet")
    answer = build(project)
    assert answer.code == FINE
    assert "payments: 24 rows belong to no parent row and are left out" in answer.text
    answer = project("features", "check")
    assert (answer.code, "FEAT-004" in answer.text) == (FINE, True)
    assert "24 of 5,600 rows name a row of 'loans'" in answer.text


def test_a_repeated_application(project: Cli) -> None:
    pl.concat([applications(), applications().head(3)]).write_parquet("applications.parquet")
    said = ("'app_id' of table 'applications'", "3 values", "1, 2, 3")
    refused(build(project), FINDINGS, "features-duplicate-key", *said)
    refused(build_in_buckets(project), FINDINGS, "features-duplicate-key", *said)
    answer = project("features", "check")
    assert (answer.code, "FEAT-003" in answer.text) == (FINDINGS, True)
    nothing_half_written()
    mended(project)


def build_in_buckets(cli: Cli, *arguments: str | Path) -> Answer:
    """Build as if the rows were too many for the memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "_WORKING_FACTOR", interrupted.FACTOR)
        return build(cli, *IN_BUCKETS, *arguments)


def test_a_repeated_key_of_a_parent(project: Cli) -> None:
    pl.concat([loans(), loans().head(2)]).write_csv("loans.csv")
    said = ("'loan_id' of table 'loans'", "1001, 1002")
    refused(build(project), FINDINGS, "features-duplicate-key", *said)
    refused(build_in_buckets(project), FINDINGS, "features-duplicate-key", *said)
    nothing_half_written()


def test_an_application_without_a_key(project: Cli) -> None:
    hole = pl.when(pl.col("app_id") != 5).then(pl.col("app_id"))
    applications().with_columns(app_id=hole).write_parquet("applications.parquet")
    refused(build(project), FINDINGS, "features-duplicate-key", "'app_id'", "missing")


def test_keys_of_different_types_in_the_contracts(project: Cli) -> None:
    edit(
        "contracts/loans.toml",
        '[columns.app_id]\ntype = "integer"',
        '[columns.app_id]\ntype = "text"',
    )
    refused(
        build(project), USAGE, "features-relations", "'app_id' of table 'loans' is text", "integer"
    )  # fmt: skip


def test_keys_of_different_types_in_the_files(project: Cli) -> None:
    plain = built(project)
    # Digits as text are the same keys
    for part in Path("payments").iterdir():
        pl.read_parquet(part).with_columns(pl.col("loan_id").cast(pl.String)).write_parquet(part)
    assert built(project).equals(plain)
    # Anything else is told
    loans().with_columns(app_id=pl.format("A{}", "app_id")).write_csv("loans.csv")
    refused(build(project), FINDINGS, "data-type", "'A", "row 1", "'app_id'", "a whole number")


# --- Dates -------------------------------------------------------------------------------------


def test_a_row_from_the_future(project: Cli) -> None:
    late = pl.when(pl.col("loan_id") == 1005).then(date(2031, 1, 1)).otherwise(pl.col("opened"))
    loans().with_columns(opened=late).write_csv("loans.csv")
    said = ("1 of 700 rows", "'loans'", "opened = 2031-01-01", "decision 2024-", "latest")
    refused(build(project), FINDINGS, "features-future-rows", *said)
    refused(build_in_buckets(project), FINDINGS, "features-future-rows", *said)
    answer = project("features", "check")
    assert (answer.code, "FEAT-001" in answer.text) == (FINDINGS, True)
    nothing_half_written()
    mended(project)


def test_training_stops_at_a_row_from_the_future(project: Cli) -> None:
    late = pl.when(pl.col("loan_id") == 1005).then(3).otherwise(pl.col("month"))
    rows = payments().with_columns(month=late)
    rows.head(3000).write_parquet("payments/part-1.parquet")
    answer = project("train")
    refused(answer, FINDINGS, "features-future-rows", "'payments'", "month = 3", "decision 0")
    assert not Path("mlruns").exists()
    assert [p.name for p in Path("bundles").glob("*") if p.name != ".lock"] == []


def test_a_row_without_a_date(project: Cli) -> None:
    hole = pl.when(pl.col("loan_id") != 1005).then(pl.col("opened"))
    loans().with_columns(opened=hole).write_csv("loans.csv")
    said = ("have no date", "'loans'", "opened = missing")
    refused(build(project), FINDINGS, "features-future-rows", *said)
    answer = project("features", "check")
    assert (answer.code, "FEAT-002" in answer.text) == (FINDINGS, True)


# --- Categories --------------------------------------------------------------------------------


def test_a_hundred_thousand_categories_are_missing_and_told(project: Cli) -> None:
    edit("features.toml", 'debt_last = "last(loans, debt)"', 'kind_last = "last(loans, kind)"')
    many = loans(100_000).with_columns(kind=pl.format("kind {}", pl.int_range(100_000)))
    many.write_csv("loans.csv")
    assert built(project)["kind_last"].null_count() == applications().height
    answer = project("data", "check")
    assert "unknown-category" in answer.text
    assert "one of car, card, home" in answer.text
    answer = project("features", "check")
    assert (answer.code, "FEAT-006" in answer.text) == (FINE, True)
    # An inferred contract lists no such column as a category
    Path("contracts/loans.toml").unlink()
    assert project("data", "check").code == FINE
    refused(build(project), USAGE, "feature-type", "'kind_last' would be a text")


# --- Feature files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("[sets.small.features]", "[sets.small.features", "features-file", ["features.toml:13:"]),
        ('"date"', '"date"\nkye = "x"', "features-file", ["features.toml:6:1", "mean key"]),
        ('unit = "date"', 'unit = "weeks"', "features-file", ["features.toml:5:1", '"weeks"']),
        ('on = "loan_id"\n', "", "features-file", ["tables.payments.on is missing"]),
        ("debt_last", '"debt last"', "features-file", ["features.toml:18:1", "'debt last'"]),
        ("debt_last", "paid_mean", "features-file", ["features.toml:18:", "overwrite"]),
        ("count(loans)", "count(loans", "feature-syntax", ["features.toml:14:1", "never closed"]),
        ("count(loans)", "cnt(loans)", "feature-syntax", [":14:1", "Did you mean count?"]),
        ("12 months", "a year", "feature-syntax", ["features.toml:16:1", "12 months"]),
        ("mean(payments, paid)", "mean(payments, piad)", "feature-column-unknown",
         ["'paid_mean'", "'piad'", "'payments'", "mean paid"]),
        ("mean(payments, paid)", "mean(paymets, paid)", "features-relations",
         ["'paid_mean'", "'paymets'", "Name one of: payments"]),
        ("mean(payments, paid)", "mean(loans, kind)", "feature-type",
         ["'paid_mean'", "'kind' is a category, where a number is needed"]),
        ("mean(payments, paid)", "last(loans, opened)", "feature-type", ["would be a date"]),
        ("mean(payments, paid)", "debt_last + bad", "feature-uses-outcome", ["outcome 'bad'"]),
        ("mean(payments, paid)", "paid_mean * 2", "feature-cycle", ["paid_mean -> paid_mean"]),
        ("debt_last", "income", "feature-duplicate", ["'income' is a column of the applications"]),
        ('as_of = "month"\n', "", "feature-window", ["'short_share'", "'payments'", "no as-of"]),
        ("12 months", "30 days", "feature-window", ["days of a table that counts months"]),
        ('as_of = "opened"', 'as_of = "openend"', "features-relations", ["'openend'", "opened"]),
        ('parent = "loans"', 'parent = "laons"', "features-relations", ["'laons'", "of: loans"]),
        ('key = "loan_id"\n', "", "features-relations", ["names no key", "[tables.loans]"]),
    ],
)  # fmt: skip
def test_a_broken_feature_file(
    project: Cli, old: str, new: str, code: str, words: list[str]
) -> None:
    edit("features.toml", old, new)
    refused(build(project), USAGE, code, *words)
    assert not BUILDS.exists()


def test_a_feature_declared_in_two_ways(project: Cli) -> None:
    other = FEATURES.partition("[sets")[0] + '[sets.more]\nextends = ["small"]\n'
    other += '[sets.more.features]\nloans_count = "count(payments)"\n'
    Path("more.toml").write_text(other, encoding="utf-8")
    edit("scorewright.toml", '"features.toml"', '"features.toml", "more.toml"')
    answer = build(project, "--set", "more")
    refused(answer, USAGE, "feature-duplicate", "'more'", "'loans_count' in two ways")
    assert build(project).code == FINE


def test_a_feature_file_that_is_missing(project: Cli) -> None:
    Path("features.toml").unlink()
    refused(build(project), USAGE, "features-file", "features.toml")


FROM_US = "from scorewright.core.features import Feature, FeatureSet, parse\n"


@pytest.mark.parametrize(
    ("code", "slug", "words"),
    [
        ("x = 1\nraise ValueError('no rates')\n", "features-file", ["mine.py:2", "no rates"]),
        ("import sys\nsys.exit(0)\n", "features-file", ["mine.py:2", "SystemExit"]),
        ("import no_such_thing\n", "features-file", ["mine.py:1", "no_such_thing"]),
        ("def (\n", "features-file", ["mine.py", "line 1"]),
        ("sets = []\n", "features-file", ["mine.py", "does not define SETS"]),
        ("SETS = [1]\n", "features-file", ["does not define SETS", "FeatureSet"]),
        (f"{FROM_US}parse('income *')\n", "feature-syntax", ["mine.py:2", "'income *'"]),
        (f"{FROM_US}SETS = [FeatureSet('mine', ['income * 2'])]\n", "features-file",
         ["'income * 2'", "no Feature"]),
        (f"{FROM_US}SETS = [FeatureSet('mine', [Feature('a', 'income * 2')])]\n", "features-file",
         ["'a'", "parse(...)"]),
        (f"{FROM_US}SETS = [FeatureSet('mine', [Feature(3, parse('income'))])]\n", "features-file",
         ["names a feature 3"]),
        (f"{FROM_US}SETS = [FeatureSet('mine', (), 'small')]\n", "features-file", ["'mine'"]),
    ],
)  # fmt: skip
def test_a_broken_feature_file_in_python(
    project: Cli, code: str, slug: str, words: list[str]
) -> None:
    Path("mine.py").write_text(code, encoding="utf-8")
    edit("scorewright.toml", '"features.toml"', '"features.toml", "mine.py"')
    refused(build(project), USAGE, slug, *words)
    assert not BUILDS.exists()


def test_an_unknown_set(project: Cli) -> None:
    edit("scorewright.toml", 'set = "small"', 'set = "smal"')
    for command in (("features", "build"), ("features", "check"), ("train",)):
        refused(project(*command), USAGE, "feature-set-unknown", "'smal'", "Name one of: small")
    Path("features.toml").write_text("", encoding="utf-8")
    refused(build(project), USAGE, "feature-set-unknown", "features.files", "none is declared")


def test_an_unknown_engine(project: Cli) -> None:
    edit("scorewright.toml", 'set = "small"', 'set = "small"\nengine = "sparc"')
    refused(build(project), USAGE, "engine-unknown", "'sparc'", "spark")
    nothing_half_written()


def test_an_unknown_engine_where_all_is_built(project: Cli) -> None:
    assert build(project).code == FINE
    refused(build(project, "--engine", "dask"), USAGE, "engine-unknown", "'dask'")
    edit("scorewright.toml", 'set = "small"', 'set = "small"\nengine = "dask"')
    answer = project("doctor")
    assert "features.engine" in answer.text, answer
    assert "'dask'" in answer.text


def test_another_separator_or_missing_value_is_another_build(project: Cli) -> None:
    digest = build(project, "--json").json["digest"]
    text = Path("scorewright.toml").read_text(encoding="utf-8")
    settings = '[tables.loans]\nnull_values = ["", "car"]\n'
    Path("scorewright.toml").write_text(
        text.replace("[tables.loans]\n", settings), encoding="utf-8"
    )
    answer = build(project, "--json")
    assert answer.code == FINE, answer
    assert answer.json["was_cached"] is False
    assert answer.json["digest"] != digest


# --- Builds that were damaged, disks that are full, processes that are killed -------------------


@pytest.mark.parametrize("harm", ["gone", "cut", "other rows", "document cut", "document lost"])
def test_a_damaged_build_is_found_and_made_again(project: Cli, harm: str) -> None:
    whole = built(project)
    (part,), (document,) = BUILDS.rglob("parts/*.parquet"), BUILDS.rglob("features.json")
    match harm:
        case "gone":
            part.unlink()
        case "cut":
            part.write_bytes(part.read_bytes()[:-30])
        case "other rows":
            pl.read_parquet(part).head(-1).write_parquet(part)
        case "document cut":
            document.write_bytes(document.read_bytes()[:100])
        case _:
            document.unlink()
    answer = build(project, "--json")
    assert answer.json["was_cached"] is False
    assert built(project).equals(whole)


def test_a_build_damaged_within_is_told(project: Cli) -> None:
    assert build(project).code == FINE
    (part,) = BUILDS.rglob("parts/*.parquet")
    content = bytearray(part.read_bytes())
    content[4:1500] = b"\xff" * 1496
    part.write_bytes(bytes(content))
    answer = build(project, "-o", "built.parquet")
    refused(answer, FAILURE, "features-build", str(part.parent.parent.name), "Delete that folder")
    assert not Path("built.parquet").exists()
    shutil.rmtree(BUILDS)
    mended(project)


def test_a_file_where_the_folder_of_builds_should_be(project: Cli) -> None:
    BUILDS.parent.mkdir()
    BUILDS.write_text("", encoding="utf-8")
    refused(build(project), FAILURE, "write-failed", "Not a directory")
    refused(build_in_buckets(project), FAILURE, "write-failed", "Not a directory")


@pytest.fixture
def more_room(full_disk: Path) -> Callable[[], None]:
    """Give the full disk room."""

    def enlarge() -> None:
        command = ["mount", "-o", "remount,size=64m", str(full_disk)]
        subprocess.run(command, check=True, capture_output=True)

    return enlarge


def fill(disk: Path) -> None:
    """Leave no room at all."""
    with (disk / "filling").open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"0" * 1024)


@pytest.mark.parametrize("make", [build, build_in_buckets])
def test_a_full_disk_and_then_room(
    project: Cli, full_disk: Path, more_room: Callable[[], None], make: Callable[..., Answer]
) -> None:
    whole = built(project)
    directory = f'set = "small"\ndirectory = "{full_disk / "builds"}"'
    edit("scorewright.toml", 'set = "small"', directory)
    fill(full_disk)
    answer = make(project)
    refused(answer, FAILURE, "write-failed", str(full_disk), "Free space", "again")
    nothing_half_written(full_disk)
    # When there is room, the same command completes
    more_room()
    assert make(project, "-o", "built.parquet").code == FINE
    alike("built.parquet", whole)


def test_a_full_disk_for_the_file_asked_for(project: Cli, full_disk: Path) -> None:
    fill(full_disk)
    answer = build(project, "-o", full_disk / "built.csv")
    refused(answer, FAILURE, "write-failed", "built.csv")
    assert sorted(p.name for p in full_disk.iterdir()) == ["ballast", "filling"]
    # The build itself stands
    assert build(project, "--json").json["was_cached"] is True


def stamps(folder: str, pattern: str) -> dict[str, tuple[int, int]]:
    """Return inode and time of files: the same only where nobody wrote them anew."""
    (root,) = BUILDS.iterdir()
    found = {p.name: p.stat() for p in (root / folder).glob(pattern)}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def test_a_build_killed_twice_goes_on_where_it_stopped(project: Cli) -> None:
    command = ("features", "build", *IN_BUCKETS, "-o", "built.parquet")
    assert interrupted.run("never", *command).returncode == FINE
    whole = pl.read_parquet("built.parquet")
    shutil.rmtree(BUILDS)
    Path("built.parquet").unlink()

    # Killed while the third table is split: two are whole, nothing of the third counts
    assert interrupted.run("bucketing", *command).returncode == -9
    assert not Path("built.parquet").exists()
    (root,) = BUILDS.iterdir()
    layout = str(interrupted.BUCKETS)
    split = [stamps(f"rows/{layout}/{name}", "*") for name in ("applications", "loans")]
    assert all("receipt.json" in files for files in split)
    assert not (root / "rows" / layout / "payments").exists()
    assert len(list(root.glob("rows/*/.payments*"))) == 1

    # Killed while it computes: three buckets are done, and the split tables were not split again
    assert interrupted.run("computing", *command).returncode == -9
    assert [stamps(f"rows/{layout}/{name}", "*") for name in ("applications", "loans")] == split
    assert not list(root.glob("rows/*/.*"))
    done = stamps(f"parts/{layout}", "part-*.json")
    assert len(done) >= 3
    assert list(root.glob("features.json")) == []

    # Not killed: the buckets that were done were not done again, and the result is the same
    answer = interrupted.run("never", *command)
    assert answer.returncode == FINE, answer.stderr
    assert f"{len(done)} of {interrupted.BUCKETS} buckets were done before" in answer.stderr
    after = stamps(f"parts/{layout}", "part-*.json")
    assert {name: after[name] for name in done} == done
    assert len(after) == interrupted.BUCKETS
    assert pl.read_parquet("built.parquet").equals(whole)
    nothing_else = [p.name for p in root.rglob("*") if ".part" in p.name]
    assert nothing_else == []


def test_two_processes_that_build_the_same(project: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one finds what the faster one made, though its buckets are gone."""
    from scorewright.adapters.engines.local import LocalEngine

    whole = built(project)
    shutil.rmtree(BUILDS)
    slow = LocalEngine.run
    others: list[int] = []

    def overtaken(self: LocalEngine, tasks: Any, done: Any) -> None:
        other = interrupted.run("never", "features", "build", *IN_BUCKETS)
        others.append(other.returncode)
        slow(self, tasks, done)

    monkeypatch.setattr(LocalEngine, "run", overtaken)
    answer = build_in_buckets(project, "-o", "built.parquet")
    assert answer.code == FINE, answer
    assert others == [FINE]
    assert "built before" in answer.text
    alike("built.parquet", whole)


@pytest.mark.parametrize("fate", ["never", "bucketing", "computing"])
def test_a_process_with_other_buckets_that_comes_between(
    project: Cli, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """Rows that are split already are not split in another way under the workers."""
    from scorewright.adapters.engines.local import LocalEngine

    whole = built(project)
    shutil.rmtree(BUILDS)
    slow, others = LocalEngine.run, list[int]()

    def disturbed(self: LocalEngine, tasks: Any, done: Any) -> None:
        other = interrupted.run(fate, "features", "build", *IN_MORE_BUCKETS)
        others.append(other.returncode)
        slow(self, tasks, done)

    monkeypatch.setattr(LocalEngine, "run", disturbed)
    answer = build_in_buckets(project, "-o", "built.parquet")
    assert answer.code == FINE, answer
    assert others == [FINE if fate == "never" else -9]
    assert ("built before" in answer.text) == (fate == "never")
    alike("built.parquet", whole)
    assert build(project, "--json").json["was_cached"] is True


@pytest.mark.parametrize("second", [IN_BUCKETS, IN_MORE_BUCKETS, ("--memory-mb", "4000")])
def test_two_processes_that_start_together(project: Cli, second: tuple[str, ...]) -> None:
    whole = built(project)
    shutil.rmtree(BUILDS)
    command = [*interrupted.command("never"), "features", "build"]
    both = [
        subprocess.Popen([*command, *wish, "-o", f"{name}.parquet"], env=interrupted.environment(),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name, wish in (("one", IN_BUCKETS), ("two", second))
    ]  # fmt: skip
    said = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [FINE, FINE], said
    for name in ("one", "two"):
        alike(f"{name}.parquet", whole)
    assert len(list(BUILDS.glob("*/features.json"))) == 1
    # What counts in the end is whole, too
    assert built(project).height == whole.height
    alike("built.parquet", whole)
