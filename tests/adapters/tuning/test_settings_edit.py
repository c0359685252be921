"""The best parameters go into the settings; everything else stays as it was."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scorewright.adapters.tuning import settings_edit, write_params
from scorewright.core.errors import ScorewrightError

BEST = {"num_leaves": 31, "learning_rate": 0.05, "class_weight": "balanced"}

TEXTS = {
    "section": '# ours\n[learner]\nname = "lgbm"  # fast\n\n# costs\n[costs]\nfalse_negative = 5\n',
    "apart": '[learner]\nname = "lgbm"\n[costs]\n[learner.params]\nnum_leaves = 7\n',
    "inline": "[learner]\nparams = { num_leaves = 7, subsample = 0.5 } # small\n[costs]\n",
    "table": "[learner.params]\n# few\nnum_leaves = 7\nsubsample = 0.5\n[costs]\n",
    "dotted": "[learner]\nparams.num_leaves = 7\n[costs]\n",
    "none": '[project]\nname = "x"\n',
    "windows": "[learner]\r\n# ours\r\n[costs]\r\n",
}


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_only_the_parameters_change(tmp_path: Path, kind: str) -> None:
    file, text = tmp_path / "scorewright.toml", TEXTS[kind]
    file.write_bytes(text.encode())
    write_params(file, BEST)
    raw = file.read_bytes().decode()
    new, old = tomllib.loads(raw), tomllib.loads(text)
    assert new["learner"]["params"] == {**old.get("learner", {}).get("params", {}), **BEST}
    new.get("learner", {}).pop("params")
    old.get("learner", {}).pop("params", None)
    assert {k: v for k, v in new.items() if v} == {k: v for k, v in old.items() if v}
    assert [c for c in text.split() if c.startswith("#")] == [
        c for c in raw.split() if c.startswith("#")
    ]
    assert ("\r\n" in raw) == (kind == "windows")
    assert raw.count("\r\n") in (0, raw.count("\n"))


def test_an_edit_that_would_change_more_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "scorewright.toml"
    file.write_text(TEXTS["table"], "utf-8")
    monkeypatch.setattr(settings_edit, "_edited", lambda text, _: f"{text}\nother = 1\n")
    with pytest.raises(ScorewrightError) as refused:
        write_params(file, BEST)
    assert refused.value.code == "config-edit-failed"
    assert "num_leaves = 31" in refused.value.remedy
    assert file.read_text("utf-8") == TEXTS["table"]
