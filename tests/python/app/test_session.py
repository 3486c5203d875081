"""What a person has open: models, training that goes on, what becomes of it when they leave."""

from __future__ import annotations

import gc
import io
import threading
import time

import pytest

import nad
from nad.app.learning import DETECTORS, Learning, Wish
from nad.app.live import KEPT, Live
from nad.app.records import Records
from nad.app.session import OpenModel, Session, close_when_gone

pytestmark = pytest.mark.filterwarnings("ignore::nad.DataWarning")


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def session():
    found = Session()
    yield found
    found.close()


def test_models_open_and_wrong_ones_are_clear_errors(session, files, checkout):
    content = files.model.read_bytes()
    opened = session.open_model("mine.nad", io.BytesIO(content))
    assert opened.name == "mine.nad"
    assert opened.model.threshold == nad.load(files.model).threshold
    wrong = {
        "not a nad model file": files.today.read_bytes(),
        "damaged": content[:-200] + bytes(100) + content[-100:],
        "a whole model": (checkout / "tests" / "data" / "ecod_v1.nad").read_bytes(),
    }
    for says, other in wrong.items():
        with pytest.raises(nad.Error, match=says) as error:
            session.open_model("x.nad", io.BytesIO(other))
        assert str(session.folder) not in str(error.value)
    with pytest.raises(nad.Error):
        session.open_model("cut.nad", io.BytesIO(content[: len(content) // 2]))
    assert list(session.folder.iterdir()) == []


def test_clusters_of_a_file_go_to_the_model_that_is_open(session, files, checkout, tmp_path):
    normal = nad.read(files.normal)
    kinds = nad.Clustering(3, random_state=0).fit(normal)
    kinds.save(tmp_path / "kinds.nad")
    content = (tmp_path / "kinds.nad").read_bytes()
    with pytest.raises(nad.Error, match=r"mine\.nad holds clusters; open the model that they belong to first"):
        session.use_file("mine.nad", io.BytesIO(content))
    with pytest.raises(nad.Error, match=r"mine\.nad holds clusters, and here a model is asked for"):
        session.open_model("mine.nad", io.BytesIO(content))
    assert session.use_file("office.nad", io.BytesIO(files.model.read_bytes()))
    opened = session.opened
    assert (opened.name, opened.clusters) == ("office.nad", None)
    assert session.use_file("mine.nad", io.BytesIO(content))
    assert session.opened is opened
    assert str(opened.clusters) == str(kinds)
    assert opened.clusters_of == "mine.nad"
    others = nad.Clustering(2, random_state=0).fit(nad.read(files.other))
    others.save(tmp_path / "others.nad")
    with pytest.raises(nad.Error, match="clusters of other records: the model does not know"):
        session.use_file("others.nad", io.BytesIO((tmp_path / "others.nad").read_bytes()))
    with pytest.raises(nad.Error, match=r"cut\.nad"):
        session.use_file("cut.nad", io.BytesIO(content[: len(content) // 2]))
    assert str(opened.clusters) == str(kinds)
    assert list(session.folder.iterdir()) == []


def test_learning_gives_what_the_library_learns(session, files):
    table = nad.read(files.normal)
    learning = Learning(Wish(detector="Isolation Forest", value=50.0).model(), table, name="x", records_name="y")
    session.learning = learning
    assert not session.adopt()
    learning.start()
    learning.join(60)
    assert learning.state == "done"
    assert session.adopt()
    assert session.learning is None
    assert (session.opened.name, session.opened.learnt_from) == ("x", "y")
    assert session.opened.has_learnt(Records("y", table, []))
    assert not session.opened.has_learnt(Records("z", table, []))
    assert not session.opened.has_learnt(Records("y", table[:-1], []))
    assert not OpenModel(learning.model, "x").has_learnt(Records("", table[:0], []))
    rule = nad.ThresholdRule.alerts_per_day(50)
    own = nad.Model(threshold=rule, detector=nad.IsolationForest(max_samples=4096, random_state=0)).fit(table)
    assert session.opened.model.threshold == own.threshold


def test_learning_is_cancelled_and_says_what_is_wrong(files):
    table = nad.read(files.normal)
    learning = Learning(Wish().model(), nad.concatenate([table] * 8))
    learning.start()
    until(lambda: learning.progress[2] > 0)
    learning.cancel()
    learning.join(30)
    assert learning.state == "cancelled"
    assert learning.is_over
    wrong = Learning(Wish(training="labelled", rule="contamination", value=0.01).model(), table)
    wrong.start()
    wrong.join(30)
    assert wrong.state == "failed"
    assert "label" in wrong.error


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_that_is_offered_can_be_had(name, files):
    table = nad.read(files.normal)[:400]
    learning = Learning(Wish(training="mixed", rule="contamination", value=0.02, detector=name).model(), table)
    learning.start()
    learning.join(60)
    assert (learning.state, learning.error) == ("done", "")
    assert len(learning.model.detect(table).scores) == 400


def test_wishes_that_make_no_sense():
    with pytest.raises(nad.Error, match="no threshold by 'luck'"):
        Wish(rule="luck").model()
    with pytest.raises(nad.Error, match="no detector 'crystal ball'"):
        Wish(detector="crystal ball").model()
    with pytest.raises(nad.Error):
        Wish(value=-1.0).model()


def test_files_are_removed_with_the_records_and_with_the_session(files):
    session = Session()
    folder = session.folder
    first = session.read([(files.today.name, io.BytesIO(files.today.read_bytes()))])
    kept = first.files[0].path
    assert kept.is_file()
    session.read([(files.other.name, io.BytesIO(files.other.read_bytes()))])
    assert not kept.exists()
    assert len(list(folder.iterdir())) == 1
    session.use(Records("made", nad.Table({"a": [1, 2]}), []))
    assert list(folder.iterdir()) == []
    session.close()
    assert not folder.exists()
    session.close()


def test_sessions_share_nothing(files):
    one, other = Session(), Session()
    one.read([("a.csv", io.BytesIO(files.other.read_bytes()))])
    one.use_model(OpenModel(nad.load(files.model), "office.nad"))
    assert (other.records, other.opened) == (None, None)
    assert one.folder != other.folder
    one.close()
    assert other.folder.is_dir()
    other.close()


def test_who_is_away_for_long_is_gone():
    session = Session()
    there = [True]
    thread = close_when_gone(session, lambda: there[0], every=0.02, patience=2.0)
    time.sleep(0.1)
    there[0] = False
    time.sleep(0.1)
    there[0] = True  # a reload
    time.sleep(0.1)
    assert not session.closed
    there[0] = False
    until(lambda: session.closed, 30)
    thread.join(5)
    assert not thread.is_alive()
    assert not session.folder.exists()


def test_a_session_that_is_forgotten_ends_its_threads(files, tmp_path):
    session = Session()
    folder = session.folder
    live = Live(nad.load(files.model), tmp_path)
    session.live = live
    live.start()
    keeper = close_when_gone(session, lambda: True, every=0.02)
    until(lambda: live.runs)
    del session
    gc.collect()
    until(lambda: not live.runs)
    keeper.join(5)
    assert not keeper.is_alive()
    assert not folder.exists()


def test_live_tells_what_a_monitor_tells(files):
    model = nad.load(files.model)
    live = Live(model, files.today, follow=False)
    live.start()
    until(lambda: not live.runs, 30)
    assert live.error == ""
    expected = list(
        nad.Monitor(model, deduplicator=nad.Deduplicator(records_per_minute=60)).alerts(files.today, follow=False)
    )
    assert live.told == len(expected) > 0
    assert [alert.id for alert in reversed(live.alerts)] == [alert.id for alert in expected][-KEPT:]
    assert live.stats.records == len(nad.read(files.today))
    assert live.lines(3)[0] == nad.to_text(expected[-1])


def test_live_stops_and_names_what_is_wrong(files, tmp_path):
    model = nad.load(files.model)
    before = threading.active_count()
    live = Live(model, tmp_path)
    live.stop()  # before it began: nothing
    live = Live(model, tmp_path)
    live.start()
    until(lambda: live.runs)
    live.stop()
    assert not live.runs
    assert threading.active_count() <= before
    wrong = Live(model, tmp_path / "nowhere.pcap", follow=False)
    wrong.start()
    until(lambda: not wrong.runs)
    assert "nowhere.pcap" in wrong.error


def test_memory_of_live_alerts_is_bounded(files):
    live = Live(nad.load(files.model), files.today)
    for _ in range(3 * KEPT):
        live._keep(nad.Alert())
        live._note("drift")
    assert len(live.alerts) == KEPT
    assert live.told == 3 * KEPT
    assert len(live.notes) < 100
