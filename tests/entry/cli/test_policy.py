"""``scorewright policy`` on a project that was trained: fit, publish, compare, put in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.entry.cli.portfolio import Cli, loans


def _set(project: Path, line: str) -> None:
    """Put a line into [policy]."""
    file = project / "scorewright.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("[policy]", f"[policy]\n{line}"))


def _files(project: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(project)): p.read_bytes()
        for p in sorted((project / "bundles").rglob("*"))
        if p.is_file()
    }


def _fit(cli: Cli, project: Path, *options: str | Path) -> dict[str, Any]:
    done = cli("-q", "-c", project / "scorewright.toml", "policy", "fit", "--json", *options)
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_from_draft_to_policy_in_force_and_back(
    cli: Cli, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ("-c", trained / "scorewright.toml")
    # Given a project whose policy refers, and a draft that writes nothing but what was asked for
    _set(trained, 'refer = [0.03, 0.05]\nprotected = {column = "sex", value = "f"}')
    before = _files(trained)
    draft, report = tmp_path / "draft.json", tmp_path / "policy.html"
    shown = cli("-q", *config, "policy", "fit", "-o", draft, "--report", report)
    assert shown.code == 0, shown.err
    assert "A draft: nothing was published" in shown.text
    assert "referral band" in shown.text
    assert _files(trained) == before
    assert json.loads(draft.read_text())["version"] == 0
    assert "Who is approved, referred, declined" in report.read_text(encoding="utf-8")
    # When it is published, then it is version 2, signed, and not in force
    fit = _fit(cli, trained, "--publish", "--reason", "A person looks at the middle")
    policy = fit["policy"]
    assert (policy["version"], policy["reason"]) == (2, "A person looks at the middle")
    assert fit["adverse_impact"]["protected_rows"] > 0
    history = json.loads(cli(*config, "policy", "history", "--json").out)["policies"]
    assert [(row["version"], row["is_active"]) for row in history] == [(2, False), (1, True)]
    # And the list of both is readable in a terminal of 80 columns.
    with monkeypatch.context() as narrow:
        narrow.setenv("COLUMNS", "80")
        listed = cli(*config, "policy", "history").out
    assert max(len(line) for line in listed.splitlines()) <= 80
    for whole in ("in force", policy["bundle"][:12], "nobody named / nobody yet", "A person looks"):
        assert whole in listed
    # When it is activated, then it decides: of these applications some are referred
    assert "before: version 1" in cli(*config, "policy", "activate", "2").text
    assert json.loads(cli(*config, "policy", "show", "--json").out)["policy"] == policy
    fresh = tmp_path / "fresh.csv"
    loans(200, 9).drop("status").write_csv(fresh)
    scored = cli("-q", *config, "score", fresh, "-o", tmp_path / "s.csv", "--json")
    assert scored.code == 0, scored.err
    result, rows = json.loads(scored.out), pl.read_csv(tmp_path / "s.csv")
    low, high = policy["refer_from"], policy["refer_to"]
    inside = (rows["pd"] >= low) & (rows["pd"] < high)
    assert (rows["decision"] == "refer").to_list() == inside.to_list()
    assert (rows["decision"] == "decline").to_list() == (rows["pd"] >= high).to_list()
    assert result["referral_rate"] == pytest.approx(float(inside.mean()))
    assert set(rows["policy"]) == {f"{policy['id']}@2"}
    # And what changed is told, and can be taken back.
    changed = cli(*config, "policy", "diff", "1", "2").text
    assert "refer_from" in changed
    assert "the same" in cli(*config, "policy", "diff", "2", "2").text
    assert cli(*config, "policy", "activate", "1").code == 0
    assert "version 1, in force" in cli(*config, "policy", "show").text


def test_a_sample_is_held_against_the_training_rows(
    cli: Cli, trained: Path, tmp_path: Path
) -> None:
    fresh = loans(500, 11).with_columns(pl.col("loan_id").str.replace("L", "N"))
    sample = tmp_path / "sample.csv"
    fresh.write_csv(sample)
    fit = _fit(cli, trained, "--sample", sample)
    assert (fit["data_role"], fit["rows"]) == ("policy_sample", 500)
    pl.concat([fresh, loans().head(4)]).write_csv(sample)
    config = trained / "scorewright.toml"
    refused = cli("-q", "-c", config, "policy", "fit", "--sample", sample, "--json")
    assert refused.code == 2
    error = json.loads(refused.out)["error"]
    assert (error["code"], error["details"]["by_key"]) == ("policy-training-rows", 4)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("approval_corridor = [0.9, 0.95]\nmax_bad_rate = 0.01", "policy-infeasible"),
        ('method = "reject_rate"', "config-invalid"),
        ("refer = [-0.1, 0.1]", "config-invalid"),
        ("approval_corridor = [0.9, 0.1]", "config-invalid"),
        ('segment = "sex"', "policy-segment"),
    ],
)
def test_settings_nobody_can_keep_are_refused(
    cli: Cli, trained: Path, line: str, code: str
) -> None:
    _set(trained, line)
    done = cli("-q", "-c", trained / "scorewright.toml", "policy", "fit", "--json")
    assert (done.code, json.loads(done.out)["error"]["code"]) == (2, code)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fit", "--publish"], "policy-reason"),
        (["fit", "--reason", "r"], "policy-reason"),
        (["fit", "--publish", "--reason", " "], "policy-reason"),
        (["fit", "--run", "0" * 32], "run-missing"),
        (["show", "9"], "policy-missing"),
        (["activate", "9"], "policy-missing"),
    ],
    ids=["no-reason", "no-publish", "blank", "no-run", "no-version", "nothing"],
)
def test_wrong_requests_are_refused(
    cli: Cli, trained_once: Path, arguments: list[str], code: str
) -> None:
    done = cli("-q", "-c", trained_once / "scorewright.toml", "policy", *arguments, "--json")
    assert (done.code, json.loads(done.out)["error"]["code"]) == (2, code)


def test_what_begins_later_is_published_and_refused_until_then(cli: Cli, trained: Path) -> None:
    begins = "2999-01-01T00:00:00+00:00"
    _fit(cli, trained, "--publish", "--reason", "Next age", "--effective-from", begins)
    refused = cli("-c", trained / "scorewright.toml", "policy", "activate", "2")
    assert refused.code == 3
    assert "policy-not-in-force" in refused.text
    assert begins in refused.text


def test_no_file_of_the_bundle_or_of_the_mlflow_model_holds_a_threshold(
    cli: Cli, trained_once: Path
) -> None:
    config = trained_once / "scorewright.toml"
    shown = json.loads(cli("-c", config, "policy", "show", "--json").out)["policy"]
    models = [p.parent for p in (trained_once / "mlruns").rglob("MLmodel")]
    assert models
    folders = [trained_once / "bundles" / shown["bundle"], *models]
    for file in (p for folder in folders for p in folder.rglob("*") if p.is_file()):
        data = file.read_bytes()
        assert repr(shown["threshold"]).encode() not in data, file
        # The trees of the learner have thresholds of their own: where they split.
        if "model" not in file.parent.name:
            assert b"threshold" not in data, file
