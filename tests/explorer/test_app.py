"""The API: what each address answers, and how each mistake is answered."""

import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from explorer.conftest import Answer, Site, serving

import seq2seq
from seq2seq.explorer.limits import BEAM_SIZE, BODY_BYTES, SENTENCE_TOKENS, UNITS
from seq2seq.explorer.model_thread import ModelThread
from seq2seq.insight.inspection import inspect_text
from seq2seq.json_text import finite
from seq2seq.run import Run
from seq2seq.translation.translator import Translator

TEXT = "der Hund sieht die Katze"
TWO = "Der Hund sieht die Katze. Wir lesen ein Buch."


def inspected(translator: Translator, text: str, **options: Any) -> list[dict[str, Any]]:
    """Return what the API must answer for a text: its inspections, in JSON."""
    search = replace(translator.options, n_best=1, beam_size=options.pop("beam_size", translator.options.beam_size))
    values = [asdict(inspection) for inspection in inspect_text(translator, text, search, **options)]
    return json.loads(json.dumps(finite(values)))  # type: ignore[no-any-return]


def test_the_runs_are_described(site: Site, untrained_run: Path, translator: Translator) -> None:
    answer = site.get("/api/runs").json
    assert [run["name"] for run in answer["runs"]] == ["untrained", "blind"]
    run = answer["runs"][0]
    assert run == {
        "name": "untrained",
        "path": str(untrained_run),
        "attends": True,
        "source": "de",
        "target": "en",
        "epoch": None,
        "finished": False,
        "cell": {"encoder": "LSTMCell", "decoder": "LSTMCell"},
        "parameters": sum(parameter.numel() for parameter in translator.model.parameters()),
        "units": 8,
        "search": {"beam_size": 2, "length_penalty": 1.0, "coverage_penalty": 0.0},
    }
    assert answer["runs"][1]["attends"] is False
    assert answer["examples"] == [{"source": "der Hund", "reference": "the dog"}]
    assert answer["limits"] == {"sentence_tokens": SENTENCE_TOKENS, "beam_size": BEAM_SIZE, "units": UNITS}
    assert answer["version"] == seq2seq.__version__
    assert site.get("/api/runs?examples=false").json == answer


@pytest.mark.parametrize("text", [TEXT, TWO, "", "كلب 我们 👩‍👩‍👧 <script>alert(1)</script>", "a\x00b\u2028c"])
def test_translations_are_those_of_translate(site: Site, untrained_run: Path, text: str) -> None:
    answer = site.post("/api/translate", {"run": "untrained", "text": text, "beam_size": 3, "prefix": "the"}).json
    translation = Run(untrained_run).load_translator().translate(text, beam_size=3, prefix="the")
    assert answer.pop("milliseconds") >= 0
    assert answer == {
        "run": "untrained",
        "text": translation.text,
        "score": translation.score,
        "log_probability": translation.log_probability,
    }


@pytest.mark.parametrize("name", ["untrained", "blind"])
@pytest.mark.parametrize("text", [TEXT, TWO, " "])
def test_inspections_are_those_of_inspect(site: Site, name: str, text: str) -> None:
    asked = {"run": name, "text": text, "units": [1, 3], "beam_size": 3, "prefix": "the", "reference": None}
    answer = site.post("/api/inspect", asked).json
    translator = Run(next(run.run.folder for run in site.runs if run.name == name)).load_translator()
    assert answer["sentences"] == inspected(translator, text, units=[1, 3], beam_size=3, prefix="the")
    assert (answer["run"], answer["scores"]) == (name, None)


def test_the_translation_is_scored_against_a_reference(site: Site) -> None:
    asked = {"run": "untrained", "text": TEXT}
    text = site.post("/api/translate", asked).json["text"]
    assert site.post("/api/inspect", asked | {"reference": text}).json["scores"] == {
        "bleu": pytest.approx(100),
        "chrf": pytest.approx(100),
    }
    assert site.post("/api/inspect", asked | {"reference": " "}).json["scores"] is None


def test_forced_tokens_give_what_their_text_gives_as_a_prefix(site: Site, translator: Translator) -> None:
    asked = {"run": "untrained", "text": TEXT}
    ids = translator.sentences.prefix_ids("the cat")
    forced = site.post("/api/inspect", asked | {"forced": ids}).json
    assert forced["sentences"] == site.post("/api/inspect", asked | {"prefix": "the cat"}).json["sentences"]
    [sentence] = forced["sentences"]
    assert sentence["search"]["finished"][0]["token_ids"][: len(ids)] == ids
    taken = sentence["next"][len(ids)]["tokens"][1]["id"]
    [sentence] = site.post("/api/inspect", asked | {"forced": [*ids, taken]}).json["sentences"]
    assert sentence["search"]["finished"][0]["token_ids"][: len(ids) + 1] == [*ids, taken]


def test_a_forced_end_ends_the_translation(site: Site, translator: Translator) -> None:
    ids = [*translator.sentences.prefix_ids("the cat"), 3]
    [sentence] = site.post("/api/inspect", {"run": "untrained", "text": TEXT, "forced": ids}).json["sentences"]
    assert sentence["gates"]["text"] == "the cat"
    assert [finished["token_ids"] for finished in sentence["search"]["finished"]] == [ids]


def test_attention_is_read_with_the_given_weights(site: Site) -> None:
    asked = {"run": "untrained", "text": TEXT}
    [plain] = site.post("/api/inspect", asked).json["sentences"]
    forced = plain["search"]["finished"][0]["token_ids"][:2]
    unchanged = {"forced": forced, "attention": {"step": 2, "weights": plain["attention"][2]}}
    [same] = site.post("/api/inspect", asked | unchanged).json["sentences"]
    assert same["gates"]["text"] == plain["gates"]["text"]
    assert same["attention"][2] == pytest.approx(plain["attention"][2], abs=1e-6)
    assert same["gates"]["log_probabilities"] == pytest.approx(plain["gates"]["log_probabilities"], abs=1e-5)

    weights = [0.0] * len(plain["attention"][2])
    weights[0] = 3.0
    [moved] = site.post("/api/inspect", asked | {"forced": forced, "attention": {"step": 2, "weights": weights}}).json[
        "sentences"
    ]
    assert moved["attention"][2] == [1.0, *weights[1:]]
    assert moved["next"][2] != plain["next"][2]
    assert site.post("/api/inspect", asked).json["sentences"] == [plain]  # nothing of the edit is left


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        (b"", 400, "the body is not JSON"),
        (b"{", 400, "the body is not JSON"),
        (b"\xff", 400, "the body is not JSON"),
        (b"[" * 5000, 400, "the body is not JSON"),
        (b"[]", 400, "the body must be a JSON object"),
        (b'{"run": "untrained", "text": "a", "length_penalty": NaN}', 400, "NaN is no number of JSON"),
        (b'{"run": "untrained", "text": "a", "beam_size": ' + b"9" * 5000 + b"}", 400, "the body is not JSON"),
        ({"run": None}, 400, "run: it is missing"),
        ({"text": None}, 400, "text: it is missing"),
        ({"run": "other"}, 404, "there is no run 'other'; the runs are untrained, blind"),
        ({"run": 1}, 400, "run: must be a text"),
        ({"text": ["a"]}, 400, "text: must be a text"),
        ({"text": "\ud800"}, 400, "text: has half of a surrogate pair"),
        ({"text": "Hund " * 300}, 400, "text: 1,200 tokens; at most 200 here"),
        ({"prefix": "dog " * 300}, 400, "prefix: [0-9,]+ tokens; at most 200 here"),
        ({"reference": "dog " * 300}, 400, "reference: [0-9,]+ tokens; at most 200 here"),
        ({"beams": 3}, 400, "beams: there is no such field"),
        ({"beam_size": 0}, 400, "beam_size: must be at least 1, not 0"),
        ({"beam_size": 21}, 400, "beam_size: must be at most 20 here, not 21"),
        ({"beam_size": 2.5}, 400, "beam_size: must be a whole number"),
        ({"beam_size": True}, 400, "beam_size: must be a whole number"),
        ({"length_penalty": "1"}, 400, "length_penalty: must be a number"),
        ({"length_penalty": 1e9}, 400, "length_penalty: must be a number from -100 to 100"),
        ({"coverage_penalty": -1}, 400, "coverage_penalty: must be from 0 to 1,000"),
        ({"coverage_penalty": 10**400}, 400, "coverage_penalty: must be a number"),
        ({"run": "blind", "coverage_penalty": 0.2}, 400, "this model does not attend"),
        ({"units": 3}, 400, "units: must be a list of whole numbers"),
        ({"units": [0.5]}, 400, "units: must be a whole number"),
        ({"units": list(range(65))}, 400, "units: 65 numbers; at most 64"),
        ({"units": [-1]}, 400, "there is no unit -1"),
        ({"units": [8]}, 400, "there is no unit 8"),
        ({"forced": "the"}, 400, "forced: must be a list of whole numbers"),
        ({"forced": [4] * 401}, 400, "forced: 401 numbers; at most 400"),
        ({"forced": [10**9]}, 400, "no translation has token 1000000000"),
        ({"forced": [0]}, 400, "no translation has token 0"),
        ({"forced": [3, 4]}, 400, "token 3 ends a translation"),
        ({"forced": [4], "prefix": "the"}, 400, "either forced tokens or a prefix"),
        ({"forced": [4], "text": TWO}, 400, "forced: the text has 2 sentences"),
        ({"attention": [1.0]}, 400, "attention: must be"),
        ({"attention": {"step": 0}}, 400, "attention: must be"),
        ({"attention": {"step": 0, "weights": 1}}, 400, "attention: must be"),
        ({"attention": {"step": "0", "weights": [1]}}, 400, "attention.step: must be a whole number"),
        ({"attention": {"step": -1, "weights": [1]}}, 400, "attention.step: must be at least 0"),
        ({"attention": {"step": 0, "weights": ["a"]}}, 400, "attention.weights: must be a number"),
        ({"attention": {"step": 0, "weights": [-1]}}, 400, "attention.weights: must be numbers of 0 or more"),
        ({"attention": {"step": 0, "weights": [0, 0]}}, 400, "attention.weights: one of them must be more than 0"),
        ({"attention": {"step": 0, "weights": [1, 0]}}, 400, "weights: 2 for [0-9]+ source tokens"),
        ({"attention": {"step": 2, "weights": [1]}, "forced": [4]}, 400, "must have the 2 tokens that stand before"),
        ({"attention": {"step": 1, "weights": [1]}, "forced": [3]}, 400, "must have the 1 token"),
        ({"attention": {"step": 0, "weights": [1]}, "text": TWO}, 400, "attention: the text has 2 sentences"),
        ({"attention": {"step": 0, "weights": [1]}, "text": " "}, 400, "attention: the text is blank"),
        ({"attention": {"step": 0, "weights": [1]}, "run": "blind"}, 400, "no attention to change"),
    ],
)
def test_a_mistake_is_answered_with_its_reason(
    site: Site, fields: bytes | dict[str, object], status: int, reason: str
) -> None:
    asked = fields if isinstance(fields, bytes) else {"run": "untrained", "text": TEXT} | fields
    answer = site.post("/api/inspect", asked)
    assert answer.status == status
    assert re.search(reason, answer.error), answer.error


def test_only_the_fields_of_a_translation_are_accepted_for_one(site: Site) -> None:
    answer = site.post("/api/translate", {"run": "untrained", "text": TEXT, "units": [1]})
    assert (answer.status, answer.error[:6]) == (400, "units:")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_body_must_be_called_json(site: Site, kind: str) -> None:
    answer = site.post("/api/translate", {"run": "untrained", "text": TEXT}, content_type=kind)
    assert (answer.status, answer.error) == (415, "send JSON, with the header content-type: application/json")
    answer = site.post("/api/translate", {"run": "untrained", "text": TEXT}, content_type="application/JSON; charset=x")
    assert answer.status == 200


def test_a_large_body_is_refused_before_it_is_read(site: Site) -> None:
    answer = site.post("/api/translate", b" " * (BODY_BYTES + 1))
    assert (answer.status, answer.error) == (413, "the body has more than 65,536 bytes; send a shorter text")
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        head = b"POST /api/translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b"Content-Length: 99999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 3)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_arrive_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seq2seq.explorer.app.BODY_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        head = b"POST /api/translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b"Content-Length: 10\r\n\r\n{")
        assert connection.recv(100).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/translate", 405),
        ("DELETE", "/api/runs", 405),
        ("OPTIONS", "/api/inspect", 405),
        ("POST", "/", 405),
        ("GET", "/api", 404),
        ("GET", "/static/", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/..%2fapp.py", 404),
        ("GET", "/static/%2e%2e%2f%2e%2e%2fapp.py", 404),
        ("GET", "/static/%00", 404),
        ("GET", "/etc/passwd", 404),
    ],
)
def test_there_is_nothing_elsewhere(site: Site, method: str, path: str, status: int) -> None:
    answer = site.ask(method, path)
    assert answer.status == status
    assert answer.error
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_page_and_its_files_are_served(site: Site) -> None:
    page = site.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<!doctype html>" in page.body
    script = site.get("/static/main.js")
    assert (script.status, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert site.ask("HEAD", "/").status == 200
    assert site.get("/healthz").json == {"ok": True}
    assert site.get("/favicon.ico").status == 204


def test_fifty_clients_at_once_get_right_answers(site: Site) -> None:
    words = ["der Hund", "die Katze", "ein Schüler", "wir lesen", "das Buch"]
    asked = [
        {"run": ("untrained", "blind")[number % 2], "text": f"{words[number % 5]} {words[number % 3]}", "units": [1]}
        for number in range(50)
    ]
    expected = [site.post("/api/inspect", each).json["sentences"] for each in asked]
    barrier = threading.Barrier(50)

    def ask(each: dict[str, object]) -> Answer:
        barrier.wait()
        return site.post("/api/inspect", each)

    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(ask, asked))
    assert [answer.status for answer in answers] == [200] * 50
    assert [answer.json["sentences"] for answer in answers] == expected
    assert [answer.json["run"] for answer in answers] == [each["run"] for each in asked]


def test_a_full_queue_refuses_and_a_slow_answer_ends(untrained_run: Path) -> None:
    thread = ModelThread(waiting=2, seconds=1.0)
    with serving([untrained_run], thread) as site, ThreadPoolExecutor(2) as clients:
        release = threading.Event()
        thread._executor.submit(release.wait, 30)
        asked = {"run": "untrained", "text": TEXT}
        waiting = [clients.submit(site.post, "/api/translate", asked) for _ in range(2)]
        while thread._places._value:
            time.sleep(0.01)
        refused = site.post("/api/translate", asked)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert refused.error == "too many requests wait for the model; try again in a moment"
        assert site.get("/healthz").status == 200  # the page itself does not wait
        for answer in waiting:
            assert answer.result().status == 504
            assert "no answer within 1 seconds" in answer.result().error
        release.set()
        assert site.post("/api/translate", asked).status == 200


def test_a_search_ends_when_its_reader_leaves(untrained_run: Path) -> None:
    thread = ModelThread()
    with serving([untrained_run], thread) as site:
        release = threading.Event()
        thread._executor.submit(release.wait, 30)
        body = json.dumps({"run": "untrained", "text": TEXT}).encode()
        head = "POST /api/inspect HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", site.port)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            while not thread._current:
                time.sleep(0.01)
        until = time.monotonic() + 20
        while thread._current:
            assert time.monotonic() < until
            time.sleep(0.01)
        release.set()
        assert site.post("/api/translate", {"run": "untrained", "text": TEXT}).status == 200


def test_an_error_of_our_own_is_one_line_in_the_terminal(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret\npath")

    monkeypatch.setattr("seq2seq.explorer.app.answer_translate", fail)
    answer = site.post("/api/translate", {"run": "untrained", "text": TEXT})
    assert (answer.status, answer.error) == (500, "an error inside the server; its terminal says which")
    assert capfd.readouterr().err == "seq2seq: POST /api/translate: ZeroDivisionError: secret path\n"


def test_every_answer_has_the_headers_that_protect(site: Site) -> None:
    for answer in (site.get("/"), site.get("/api/runs"), site.get("/nothing"), site.get("/", host="evil.example")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert "server" not in answer.headers


@pytest.mark.timeout(600)  # sixty requests, with the shape checks of the tests, on a machine that may be busy
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_memory_is_flat(site: Site) -> None:
    """`tests/benchmarks/test_explorer.py` has the long test."""

    def memory() -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    asked = {"run": "untrained", "text": TEXT, "units": [1]}
    [sentence] = site.post("/api/inspect", asked).json["sentences"]
    edit = {"attention": {"step": 0, "weights": sentence["attention"][1]}}

    def ask(count: int) -> None:
        for _ in range(count):
            assert site.post("/api/inspect", asked).status == site.post("/api/inspect", asked | edit).status == 200

    ask(5)
    before = memory()
    ask(25)
    assert memory() - before < 8  # MiB
