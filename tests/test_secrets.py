"""One whole live run among keys that were planted to be found, and photographs that say where they were taken.

Between the run and `run.py simulate` sits a relay that answers some calls as a careless provider does: with an error
that repeats what it was sent. Afterwards every byte that was written or received is searched.
"""

from __future__ import annotations

import asyncio
import base64
import csv
import json
import os
import re
import shlex
import signal
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, PngImagePlugin
from test_pad_ufes import BARE, COLUMNS, FULL

from engine.config import SECRETS, URLS
from personas.seeds import derive
from tests.wire.relay import HeardRequest, relayed, reply

ROOT = Path(__file__).parents[1]
PLANTED = {
    "ANTHROPIC_API_KEY": "planted/Anthropic+Key=8f3k2m9q",
    "OPENAI_API_KEY": "planted/OpenAI+Key=7w4e1r6t",
    "AWS_ACCESS_KEY_ID": "PLANTEDID0123456789",
    "AWS_SECRET_ACCESS_KEY": "planted/Secret+Key=5t2y8u3i",
    "AWS_SESSION_TOKEN": "planted/Session+Token=9o1p4a6s",
    "MY_KEY": "planted/Own+Endpoint=3d7f5g2h",
}
CARELESS = ("claude-opus-4-6", "gpt-5.1", "us.amazon.nova-2-lite-v1:0")
"""Whom the relay answers for, after the first call that it lets fail in passing."""
HOME = "/storage/ward 7/planted-home"
PROXY = "http://planted-proxy-user:planted-proxy-word@proxy.example:3128"
SAID = (
    "https://user:planted-password@host.example/?api_key=planted-query",
    "https://a.blob.example/c?sv=2024&sig=planted-signed%3D",
    '{"SecretAccessKey": "planted-secret", "SessionToken": "planted-session"}',
    f"FileNotFoundError: '{HOME}/models/mine.gguf', /home/planted-name/x, C:\\Users\\planted-name\\x",
    "407 by planted-proxy-user:planted-proxy-word",
    "Cookie: id=planted-cookie",
)
"""What a careless provider says besides what it was sent."""
OWNER = "PLANTED-OWNER"
GPS = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0), 29: "2026:11:20"}
MINE = """
[models.mine]
provider = "openai"
id = "/srv/planted-name/models/mine"
endpoint = "{url}/mine/v1"
key = "MY_KEY"
limits = {{ requests = 6000, in_flight = 4 }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedRun:
    """What came of the run."""

    folder: Path
    data: Path
    status: int
    output: bytes
    """Of stdout and stderr."""
    heard: list[HeardRequest]

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Give everything that was written, by where it stands."""
        yield "the output", self.output
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.folder)), path.read_bytes()
        with zipfile.ZipFile(self.folder.with_suffix(".zip")) as zip:
            yield "the export's names", "\n".join(zip.namelist()).encode()
            for name in zip.namelist():
                yield f"the export, {name}", zip.read(name)


def photographs(folder: Path) -> Path:
    """Make a small PAD-UFES-20 whose photographs say who took them, and where."""
    pixels = [
        Image.fromarray(derive("gps", n).integers(0, 255, (40, 40, 3), dtype="uint8")) for n in range(2)
    ]
    exif = Image.Exif()
    exif[0x013B] = OWNER
    exif.get_ifd(0x8825).update(GPS)
    folder.mkdir()
    (folder / "metadata.csv").write_text(
        "\n".join((COLUMNS, FULL.replace("_11_1.png", "_11_1.jpg"), BARE)) + "\n"
    )
    pixels[0].save(folder / "PAT_1_11_1.jpg", exif=exif, comment=OWNER, xmp=f"<x>{OWNER}</x>".encode())
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", OWNER)
    text.add_itxt("Location", f"{OWNER} 52.52 N 13.41 E")
    pixels[1].save(folder / "PAT_2_12_2.png", exif=exif, pnginfo=text)
    return folder


class CarelessProvider:
    """Repeats what it was sent and more: first under 503, then under 401."""

    def __init__(self) -> None:
        self._seen = dict.fromkeys(CARELESS, 0)
        self._turns = self._mine = 0

    async def __call__(self, heard: HeardRequest) -> bytes | None:
        """Answer for the careless models, and for the endpoint of one's own."""
        if heard.path.startswith("/mine/"):
            self._mine += (
                1  # what is told of an error is short: by turns what was sent, and what else there is
            )
            return reply({"detail": self._words(heard, 3) if self._mine % 2 else " ".join(SAID)}, 401)
        model = next(
            (id for id in CARELESS if id in heard.body.decode() or quote(id, safe="") in heard.path), ""
        )
        if not model:
            return None
        self._seen[model] += 1
        self._turns += 1
        words = self._words(heard, self._turns)
        # Of a secret that nobody knows, nobody knows the half that a cut leaves without its name.
        code = self._words(heard, self._turns, said=())[-60:]
        error = {"type": "authentication_error", "code": code, "message": words}
        return reply(
            {"type": "error", "error": error, "message": words},
            503 if self._seen[model] == 1 else 401,
            retry_after="0",
            x_amzn_ErrorType="UnrecognizedClientException",
        )

    @staticmethod
    def _words(heard: HeardRequest, turn: int, said: tuple[str, ...] = SAID) -> str:
        """Give everything secret in a request in many forms, beginning elsewhere each time: long words are cut."""
        keys = [key for name, key in PLANTED.items() if name != "MY_KEY" or "/mine/" in heard.path]
        parts = [form(key) for key in keys for form in (str, escaped, encoded)]
        parts += said
        parts.append(" ".join(f"{name}: {value}" for name, value in heard.headers.items()))
        start = turn * 5 % len(parts)
        return " ".join(parts[start:] + parts[:start])


def escaped(key: str) -> str:
    return quote(key, safe="")


def encoded(key: str) -> str:
    return base64.b64encode(f"user:{key}".encode()).decode()


async def play(folder: Path) -> PlayedRun:
    """Play the run against `simulate`, the relay in between."""
    simulate = await start("simulate", "--port", "0")
    told = b""
    while b"Ctrl-C" not in told:
        told += await simulate.stdout.readline()
    words = [word for line in told.decode().splitlines() for word in shlex.split(line, comments=True)]
    stand = dict(word.split("=", 1) for word in words if "=" in word)
    try:
        async with relayed(stand["ANTHROPIC_BASE_URL"], answer=CarelessProvider()) as relay:
            urls = dict.fromkeys(URLS.values(), relay.url) | {"OPENAI_BASE_URL": f"{relay.url}/v1"}
            (folder / "mine.toml").write_text(MINE.format(url=relay.url))
            data = photographs(folder / "pad")
            run = await start(
                "--models", "claude-opus-4.6,gpt-5.1,nova-2-lite,llama-4-maverick,mine", "--backend", "live",
                "--models-file", str(folder / "mine.toml"), "--cases", str(data), "--run", str(folder / "run"),
                AWS_REGION="us-east-1", HOME=HOME, HTTPS_PROXY=PROXY, HTTP_PROXY=PROXY,
                ANTHROPIC_LOG="debug", OPENAI_LOG="debug", **PLANTED, **urls,
            )  # fmt: skip
            output, error = await run.communicate()
            packing = await start("export", str(folder / "run"), "--with-images", HOME=HOME, **PLANTED)
            told, complaint = await packing.communicate()
            return PlayedRun(
                folder=folder / "run",
                data=data,
                status=run.returncode,
                output=output + error + told + complaint,
                heard=relay.requests,
            )
    finally:
        simulate.send_signal(signal.SIGINT)
        await simulate.wait()


async def start(*words: str, **variables: str) -> asyncio.subprocess.Process:
    env = {key: value for key, value in os.environ.items() if key not in (*SECRETS, *URLS.values())}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "run.py", *words, cwd=ROOT, env=env | variables, stdout=pipe, stderr=pipe
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> PlayedRun:
    return asyncio.run(play(tmp_path_factory.mktemp("secrets")))


def test_the_run_met_what_it_was_meant_to_meet(played):
    assert played.status == 1, played.output.decode()[-3000:]
    summary = json.loads((played.folder / "report" / "summary.json").read_text())
    causes = {failure["cause"] for failure in summary["failures"].values()}
    assert (summary["completed"], causes) == (2, {"denied"})
    journal = b"".join(path.read_bytes() for path in played.folder.glob("journal/*"))
    for name in PLANTED:
        assert f"<{name}>".encode() in journal, f"nobody repeated {name}"
    for instead in (
        b"<path>",
        b"<HTTPS_PROXY password>",
        b"sig=<removed>",
        b"Cookie: <removed>",
    ):
        assert instead in journal, f"nobody said what {instead!r} stands for"
    with zipfile.ZipFile(played.folder.with_suffix(".zip")) as zip:
        assert sum("/blobs/" in name and not name.endswith("/") for name in zip.namelist()) >= 2
    keys = {heard.headers.get("authorization", "") for heard in played.heard}
    assert {f"Bearer {PLANTED[name]}" for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MY_KEY")} <= keys


def forms(key: str) -> set[str]:
    """Give a key as it may be hidden: halves of it, URL-encoded, and within base64 wherever it may begin."""
    found = {key, key[:14], key[-12:], quote(key, safe=""), quote(key, safe="").lower()}
    for before in ("", "a", "ab"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(f"{before}{key}".encode()).decode()[4:-4])
    return found


@pytest.mark.parametrize("name", PLANTED)
def test_no_key_is_anywhere_in_any_form(played, name):
    for place, data in played.written():
        for form in forms(PLANTED[name]):
            assert form.encode() not in data, f"{form} of {name} is in {place}"


@pytest.mark.parametrize(
    "look",
    [rb"(?i)signature=(?!<)", rb"(?i)\bbearer (?!<)", rb"AWS4-HMAC", rb"planted-(?!OWNER)[\w-]+"],
)
def test_nothing_that_signs_or_bears_or_says_where_is_anywhere(played, look):
    for place, data in played.written():
        found = re.search(look, data)
        assert not found, f"{data[max(0, found.start() - 80) : found.end() + 80]!r} is in {place}"


def test_neither_the_run_folder_nor_its_export_tells_a_path_of_this_machine(played):
    ours = {str(ROOT), str(played.folder.parent), str(Path.home()) + "/", sys.prefix, os.uname().nodename}
    for place, data in played.written():
        for path in ours:
            assert place == "the output" or path.encode() not in data, f"{path} is in {place}"
    assert str(ROOT).encode() not in played.output


def pictures(heard: HeardRequest) -> Iterator[bytes]:
    """Give the photographs in a request, whoever's protocol it is in."""
    for text in re.findall(
        rb'"(?:data:image/[a-z]+;base64,)?((?:iVBORw0KGgo|/9j/)[A-Za-z0-9+/=]+)"', heard.body
    ):
        yield base64.b64decode(text)


def test_the_photographs_of_the_data_set_do_say_where_they_were_taken(played):
    for path in (*played.data.glob("*.jpg"), *played.data.glob("*.png")):
        assert OWNER.encode() in path.read_bytes()
        with Image.open(path) as image:
            assert image.getexif().get_ifd(0x8825)[1] == "N"


def test_no_request_body_says_so(played):
    shown = [picture for heard in played.heard for picture in pictures(heard)]
    by_provider = {heard.path.split("/")[1:3][-1] for heard in played.heard if any(pictures(heard))}
    assert len(set(shown)) == 2
    assert len(by_provider) >= 3
    for data in shown:
        with Image.open(BytesIO(data)) as image:
            assert not image.getexif()
            assert not {"exif", "xmp", "comment", "Author", "Location", "icc_profile"} & image.info.keys()
        assert OWNER.encode() not in data
    for heard in played.heard:
        assert OWNER.encode() not in heard.raw
        assert b"metadata.csv" not in heard.raw


def test_no_photograph_that_was_kept_says_so_either(played):
    for place, data in played.written():
        assert OWNER.encode() not in data, place
    with (played.folder / "report" / "scores.csv").open() as file:
        assert {row["model"] for row in csv.DictReader(file)} == {"llama-4-maverick"}


@pytest.mark.parametrize("variable", URLS.values())
async def test_an_address_with_a_password_is_refused_without_repeating_it(tmp_path, variable):
    url = "http://someone:planted-password@127.0.0.1:9/v1"
    run = await start(
        "--models", "claude-opus-4.6,gpt-5.1,nova-pro", "--backend", "live", "--run", str(tmp_path / "run"),
        **PLANTED, **{variable: url},
    )  # fmt: skip
    output, error = await run.communicate()
    assert run.returncode == 2
    assert variable.encode() in error
    assert b"planted" not in output + error
    assert b"someone" not in output + error
    assert not (tmp_path / "run").exists()
