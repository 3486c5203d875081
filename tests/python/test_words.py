"""How people are told of records as a whole."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nad._report.sections import _figure, _percent
from nad._words import attention, in_seconds, run_text
from nad.app.live import Live


def drift(**changed):
    usual = {
        "records": 61091, "bulk_distance": 0.0192, "bulk_limit": 0.1, "bulk_moved": False, "beyond_share": 0.256,
        "mostly_beyond": False, "reported_share": 0.156, "promised_share": 3.12e-5, "beyond_promise": False,
    }  # fmt: skip
    return SimpleNamespace(**{**usual, **changed})


def test_long_times_have_no_powers_of_ten():
    assert [in_seconds(time) for time in (0.25, 29.84, 999.4, 999.6, 7200.0)] == [
        "0.25 s", "29.8 s", "999 s", "1,000 s", "7,200 s",
    ]  # fmt: skip
    run = SimpleNamespace(is_beat=False, records=2000, source="10.0.0.5", seconds=7199.7, destination="", period=0.0)
    assert run_text(run) == "2,000 unusual records of 10.0.0.5 in 7,200 s: seldom so many"


def test_what_needs_attention_is_said_in_sentences():
    assert attention(drift()) == [
        "No drift is seen: scores are spread as in training (their distance is 0.019, and up to 0.1 is chance)."
    ]
    attacked = attention(drift(beyond_promise=True))
    assert attacked[0].startswith(
        "16 % of the 61,091 records score above the threshold; of normal traffic it would be 0.0031 %."
    )
    assert attacked[1:] == ["The scores of the ordinary records are spread as in training, which speaks for attacks."]
    moved = attention(drift(bulk_moved=True, bulk_distance=0.4))
    assert moved[0].endswith(
        "(their distance is 0.4, and up to 0.1 is chance): normal traffic has changed. Learn or calibrate on recent traffic."
    )
    assert len(moved) == 1
    flood = attention(drift(mostly_beyond=True, beyond_share=0.83, bulk_limit=1.0))
    assert flood[0].startswith(
        "83 % of all records score as only the highest 5 % of the calibration records did: a flood"
    )
    assert len(flood) == 1
    assert attention(drift(bulk_limit=1.0)) == ["No drift is seen: scores are spread as in training."]


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.99969, "99.97 %"), (0.9999999, "99.99 %"), (0.7346, "73.5 %"), (float("nan"), "\N{EN DASH}")],
)
def test_nearly_all_is_not_all(share, text):
    assert _percent(share) == text


def test_what_nobody_can_say_is_a_dash():
    assert _figure(float("nan")) == "\N{EN DASH}"
    assert _figure(0.5) == "0.5000"


def test_the_page_never_shows_where_uploads_lie(tmp_path):
    live = SimpleNamespace(_source=str(tmp_path / "file-x" / "day.pcap"), name="day.pcap")
    said = Live._named(live, f"the capture {tmp_path}/file-x/day.pcap has ended")
    assert said == "the capture day.pcap has ended"
