"""Settings: found, overlaid, validated; every error points at its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scorewright.adapters.project_files import LoadedProject, load_settings
from scorewright.core.errors import UsageError


def load(file: Path, environ: Mapping[str, str] | None = None) -> LoadedProject:
    return load_settings(file, Path(), environ or {})


def refused(file: Path, environ: Mapping[str, str] | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(file, environ)
    assert caught.value.remedy
    return caught.value


def extend(file: Path, text: str) -> int:
    """Append text; return the number of its first line."""
    old = file.read_text(encoding="utf-8")
    file.write_text(old + text, encoding="utf-8")
    return old.count("\n") + 1


def test_the_file_is_found_from_a_folder_below(project: Path) -> None:
    deep = project.parent / "notebooks" / "old"
    deep.mkdir(parents=True)
    loaded = load_settings(None, deep, {})
    assert loaded.file == project.resolve()
    assert loaded.root == project.parent.resolve()
    assert loaded.settings.data.target == "outcome"
    assert loaded.settings.costs.false_negative == 10.0


def test_a_folder_can_be_named_instead_of_the_file(project: Path) -> None:
    assert load(project.parent).file == project.resolve()


@pytest.mark.parametrize("named", [True, False])
def test_no_settings_name_the_command_that_makes_them(tmp_path: Path, named: bool) -> None:
    path = tmp_path / "other.toml" if named else None
    with pytest.raises(UsageError) as caught:
        load_settings(path, tmp_path, {})
    assert caught.value.code == "config-missing"
    assert "scorewright init FILE" in caught.value.remedy


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("seed = = 42", 8, "Invalid value"),
        ("seed 42", 6, "Expected '='"),
        ('owner = "open', 14, "Illegal character"),
        ("[project]", 9, "Cannot declare [project] twice"),
    ],
)
def test_a_syntax_error_shows_its_line(project: Path, line: str, column: int, said: str) -> None:
    # given
    number = extend(project, f"{line}\n")

    # when
    error = refused(project)

    # then
    assert error.code == "config-syntax"
    assert error.details["line"] == number
    assert error.details["column"] == column
    assert f"{project}:{number}:{column}: " in error.message
    assert line in error.message
    assert said in error.message
    assert error.remedy.startswith("That section stands above" if "twice" in said else "Correct")


def test_an_unfinished_file_points_at_its_end(project: Path) -> None:
    number = extend(project, 'key = """never closed\n')
    error = refused(project)
    assert error.code == "config-syntax"
    assert error.details["line"] == number


def test_deep_nesting_is_an_error_of_the_file(project: Path) -> None:
    extend(project, f"x = {'[' * 20_000}{']' * 20_000}\n")
    assert refused(project).code == "config-syntax"


def test_a_byte_order_mark_is_passed_over(project: Path) -> None:
    project.write_bytes(b"\xef\xbb\xbf" + project.read_bytes())
    assert load(project).settings.project.name == "loans"


def test_wrong_encodings_point_at_the_byte(project: Path) -> None:
    text = project.read_text(encoding="utf-8")
    project.write_bytes(text.encode() + 'x = "ü'.encode() + 'é"\n'.encode("latin-1"))
    error = refused(project)
    assert error.code == "config-syntax"
    assert (error.details["line"], error.details["column"]) == (11, 7)
    assert "UTF-8" in error.remedy

    project.write_text(text, encoding="utf-16")
    assert "UTF-16" in refused(project).message


def test_a_folder_of_that_name_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "scorewright.toml").mkdir()
    assert refused(tmp_path).code == "config-unreadable"


def test_an_unknown_key_names_its_neighbours(project: Path) -> None:
    number = extend(project, "\n[costs]\nfalse_negativ = 5.0\n")
    error = refused(project)
    assert error.code == "config-unknown-key"
    assert f"{project}:{number + 2}:1: 'costs.false_negativ' is not a setting" in error.message
    assert "false_negative" in error.message


def test_an_unknown_section_names_its_neighbours(project: Path) -> None:
    number = extend(project, "[validatoin]\nfolds = 3\n")
    error = refused(project)
    assert error.code == "config-unknown-key"
    assert f":{number}:1:" in error.message
    assert "did you mean validation" in error.message


@pytest.mark.parametrize(
    ("text", "offset", "said"),
    [
        ('[validation]\nfolds = "five"', 1, 'should be a whole number from 2 to 20, not "five"'),
        ("[validation]\nfolds = 1", 1, "should be a whole number from 2 to 20, not 1"),
        ("[validation]\noot_share = 0.6", 1, "a number above 0 and below 0.6, not 0.6"),
        ("[costs]\nfalse_negative = true", 1, "should be a number above 0, not true"),
        ("[costs]\nfalse_positive = inf", 1, "should be a finite number"),
        ('[validation]\nscheme = "random"', 1, '"stratified" or "grouped"'),
        ("[learner]\nmonotone = { income = -2 }", 1, "should be -1 or 1, not -2"),
        ("[learner]\nmonotone.a = 1\nmonotone.b = 0", 2, "learner.monotone.b should be -1 or 1"),
        ("validation = 3", 0, "'data.validation' is not a setting"),
        ('[tables.More]\nfiles = "x"', 0, "lower-case letters"),
        ("[tables.more]\nfiles = 3", 1, "should be text or a list of text, not 3"),
        ('[tables.more]\nfiles = "x"\nseparator = ";;"', 2, "text of exactly 1 character"),
        ("[serve]\nport = 0", 1, "a whole number from 1 to 65535, not 0"),
        ('[[leakage.accept]]\ncode = "A"\ncolumn = "c"', 0, "reason is missing"),
        ('[[leakage.accept]]\ncode = "A"\ncolumn = "c"\nreason = "no"', 3, "at least 10"),
        ("[leakage]\ndenied_names = [\n'a',\n3]", 3, "should be text, not 3"),
    ],
)
def test_a_wrong_value_says_what_was_expected(
    project: Path, text: str, offset: int, said: str
) -> None:
    number = extend(project, f"{text}\n") + offset
    error = refused(project)
    assert f"{project}:{number}:" in error.message
    assert said in error.message


def test_all_errors_are_told_together_in_the_order_of_the_file(project: Path) -> None:
    # given
    extend(project, "[costs]\nfalse_negative = 'ten'\n[validation]\nfold = 5\nfolds = 99\n")
    project.write_text(project.read_text(encoding="utf-8").replace('target = "outcome"\n', ""))

    # when
    error = refused(project)

    # then
    keys = [problem["key"] for problem in error.details["problems"]]
    lines = [problem["line"] for problem in error.details["problems"]]
    assert keys == ["data.target", "costs.false_negative", "validation.fold", "validation.folds"]
    assert lines == sorted(lines)
    assert error.message.count("\n") == 3
    assert error.code == "config-invalid"


def test_a_missing_section_is_missing_at_the_top(project: Path) -> None:
    project.write_text('[project]\nname = "loans"\n', encoding="utf-8")
    error = refused(project)
    assert [p["key"] for p in error.details["problems"]] == ["data", "tables"]
    assert ":1:1: data is missing" in error.message


def test_the_application_table_must_exist(project: Path) -> None:
    project.write_text(
        project.read_text(encoding="utf-8").replace('table = "loans"', 'table = "loan"')
    )
    error = refused(project)
    assert error.code == "config-invalid"
    assert f"{project}:8:1: data.table names 'loan'" in error.message
    assert "loans" in error.message


def test_one_column_has_one_role(project: Path) -> None:
    number = extend(project, 'key = "outcome"\n')
    assert (
        f":{number}:1: data.key names 'outcome', which is data.target" in refused(project).message
    )


def test_the_environment_wins_and_is_named_as_the_origin(project: Path) -> None:
    # given
    extend(project, "[costs]\nfalse_negative = 5.0\n[learner]\nmonotone = { Income = -1 }\n")
    environ = {
        "SCOREWRIGHT__COSTS__FALSE_NEGATIVE": "12",
        "SCOREWRIGHT__PROJECT__OWNER": "Risk team",
        "SCOREWRIGHT__LEARNER__PARAMS__NUM_LEAVES": "7",
        "SCOREWRIGHT__LEARNER__MONOTONE__INCOME": "1",
        "SCOREWRIGHT__LEAKAGE__DENIED_NAMES": '["a*", "b"]',
        "SCOREWRIGHT__LEAKAGE__SHUFFLE_CONTROL": "false",
        "SCOREWRIGHT__TABLES__LOANS__SEPARATOR": ";",
        "SCOREWRIGHT_THREADS": "9",
        "HOME": "/",
    }

    # when
    loaded = load(project, environ)

    # then
    got = loaded.settings
    assert got.costs.false_negative == 12.0
    assert got.project.owner == "Risk team"
    assert got.learner.params == {"num_leaves": 7}
    assert got.learner.monotone == {"Income": 1}
    assert got.leakage.denied_names == ["a*", "b"]
    assert got.leakage.shuffle_control is False
    assert got.tables["loans"].separator == ";"
    assert loaded.origins["costs.false_negative"] == (
        "environment variable SCOREWRIGHT__COSTS__FALSE_NEGATIVE"
    )
    assert loaded.origins["project.name"] == f"{project.resolve()}:2"
    assert "project.seed" not in loaded.origins


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("SCOREWRIGHT__COSTS__FALSE_NEGATIVE", "ten", "config-invalid"),
        ("SCOREWRIGHT__COSTS__FALSE_NEGATIV", "10", "config-unknown-key"),
        ("SCOREWRIGHT__COST__FALSE_NEGATIVE", "10", "config-unknown-key"),
        ("SCOREWRIGHT__DATA__TABLE", "other", "config-invalid"),
        ("SCOREWRIGHT__PROJECT", "loans", "config-invalid"),
    ],
)
def test_a_wrong_variable_is_named(project: Path, variable: str, value: str, code: str) -> None:
    error = refused(project, {variable: value})
    assert error.code == code
    assert error.message.startswith(f"environment variable {variable}: ")
    assert error.details["problems"][0]["line"] is None


def test_passwords_are_not_shown(project: Path) -> None:
    number = extend(project, '[tracking]\nexperiment = "postgresql://me:secret@host/db"\n')
    error = refused(project)
    assert f":{number + 1}:" in error.message
    assert "secret" not in error.message
    extend(project, 'uri = "postgresql://me:secret@host/db" x\n')
    error = refused(project)
    assert error.code == "config-syntax"
    assert "secret" not in error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[policy]\nmethod = "reject_rate"\n', "needs a target, such as target = 0.15"),
        ("[policy]\napproval_corridor = [0.9, 0.1]\n", "a lower and a higher share from 0 to 1"),
    ],
)
def test_a_section_that_contradicts_itself_says_why(project: Path, text: str, said: str) -> None:
    number = extend(project, text)
    error = refused(project)
    assert error.code == "config-invalid"
    assert f"{project}:{number}:" in error.message
    assert said in error.message
    assert "a table, not a table" not in error.message
