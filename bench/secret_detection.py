"""How many secrets are found, and how often is something taken for one that is none?

    python bench/secret_detection.py [--write]

Found: secrets of 24 kinds, drawn by seed 7 and set into twelve lines of prose, settings, code and logs each; none was
ever issued. Not found: 120 lines of manuals that show where a secret goes. False alarms: the sources of Python's
standard library and of the packages installed here, and the texts of SciFact and XQuAD where they lie beside the
repository; all that is marked in them counts as false, though some show a key that may once have been one. Baseline,
in the same run: detect-secrets 1.5.0 with all that it switches on by default, over the same lines, and over every 40th
text.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import random
import string
import sys
import sysconfig
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
from kept import SHARED, keep

from thruline.data.policies import SCORE
from thruline.data.privacy import find_mentions
from thruline.data.secret_forms import base62
from thruline.data.secrets import secrets
from thruline.flows.scored import OPENS

ENDINGS = (".py", ".pyi", ".md", ".rst", ".txt", ".toml", ".cfg", ".ini", ".yaml", ".yml", ".json")
LARGEST = 2_000_000  # bytes of a file: larger ones are data
EVERY = 40
PROSE = ("SciFact", "XQuAD")
Says = Callable[[Sequence[str]], list[int]]
SLACK = "https://hooks.slack.com/services"
DIGITS = string.digits
LETTERS, HEX, BASE32 = string.ascii_letters + string.digits, "0123456789abcdef", string.ascii_uppercase + "234567"
LINES = (
    "export {NAME}={0}", "{name} = \"{0}\"", "  {name}: {0}", "'{name}': '{0}',", "{NAME}={0} ./run --all",
    "{name} is {0}, please do not pass it on", "const {name} = '{0}';", "\"{name}\": \"{0}\",",
    "--{name}={0} --verbose", "<p>{name}: <code>{0}</code></p>", "| {name} | `{0}` | rotate in May |",
    "**{name}:** {0}",
)  # fmt: skip
MANUAL = (
    "password = \"changeme\"", "api_key: <your-key>", "token=${TOKEN}", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    "secret_key = os.environ['SECRET_KEY']", "password: ********", "api_key = 'xxxxxxxxxxxxxxxxxxxxxxxx'",
    "client_secret={{ vault.client_secret }}", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "passwd: your_password_here1",
    "postgres://user:password@localhost/db", "token = get_token(user_1)", "-----BEGIN PRIVATE KEY-----\n...\n",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "The password is at least 12 characters long.",
    "next_token: eyJsYXN0X2lkIjogMTIzNDU2Nzg5MH0", "api_key: null", "secret: /run/secrets/db_password_2",
    "max_tokens = 4096", "password_hash = hashlib.sha256(b'1')", "token_id: 9f86d081884c7d659a2feaa0c55ad015",
    "api_key='INSERT-API-KEY-HERE-123'", "secret = base64.b64encode(data1)",
)  # fmt: skip


def planted() -> Iterator[tuple[str, str, str]]:
    """(kind, line, secret) for each kind and each line."""
    draw = random.Random(7)
    for kind, (name, make) in kinds(draw).items():
        for line in LINES:
            secret = make()
            shown = secret if name else f"see {secret}"
            framed = line.replace("{NAME}", name.upper()).replace("{name}", name).replace("{0}", secret)
            yield kind, framed if name else shown, secret


def kinds(draw: random.Random) -> dict[str, tuple[str, Callable[[], str]]]:
    """Kind -> (the name that it goes by in a line, what draws one)."""

    def some(alphabet: str, n: int) -> str:
        return "".join(draw.choices(alphabet, k=n))

    def checked(prefix: str) -> str:
        body = some(LETTERS, 30)
        return f"{prefix}{body}{base62(zlib.crc32(body.encode()))}"

    def jwt() -> str:
        parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": some(HEX, 12), "exp": draw.randrange(2**31)})
        said = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
        return ".".join((*said, some(LETTERS, 43)))

    def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def password() -> str:
        word = draw.choice(("Winter", "maple", "Harbour", "quiet", "Lantern", "copper"))
        return f"{word}{draw.choice('-_!+.')}{some(DIGITS, draw.randint(2, 4))}{draw.choice('!?#%&x')}"

    return {
        "GitHub token": ("github_token", lambda: checked("ghp_")),
        "GitHub fine-grained token": ("github_token", lambda: f"github_pat_{some(LETTERS, 22)}_{some(LETTERS, 59)}"),
        "npm token": ("npm_token", lambda: checked("npm_")),
        "PyPI token": ("pypi", lambda: f"pypi-AgEIcHlwaS5vcmc{some(LETTERS + '-_', 150)}"),
        "GitLab token": ("gitlab_token", lambda: f"glpat-{some(LETTERS, 20)}"),
        "AWS key id": ("aws_access_key_id", lambda: f"AKIA{some(BASE32, 16)}"),
        "AWS secret key": ("aws_secret_access_key", lambda: some(LETTERS + "+/", 40)),
        "Google API key": ("google_api_key", lambda: f"AIza{some(LETTERS + '-_', 35)}"),
        "Azure storage key": ("connection", lambda: f"AccountKey={some(LETTERS + '+/', 86)}=="),
        "Slack bot token": ("slack", lambda: f"xoxb-{some(DIGITS, 12)}-{some(DIGITS, 12)}-{some(LETTERS, 24)}"),
        "Slack webhook": ("hook", lambda: f"{SLACK}/T{some(BASE32, 8)}/B{some(BASE32, 8)}/{some(LETTERS, 24)}"),
        "Stripe live key": ("stripe", lambda: f"sk_live_{some(LETTERS, 24)}"),
        "OpenAI key": ("openai", lambda: f"sk-proj-{some(LETTERS, 74)}T3BlbkFJ{some(LETTERS, 74)}"),
        "Anthropic key": ("anthropic", lambda: f"sk-ant-api03-{some(LETTERS + '-_', 93)}AA"),
        "SendGrid key": ("sendgrid", lambda: f"SG.{some(LETTERS, 22)}.{some(LETTERS, 43)}"),
        "Hugging Face token": ("hf", lambda: f"hf_{some(string.ascii_letters, 34)}"),
        "DigitalOcean token": ("do", lambda: f"dop_v1_{some(HEX, 64)}"),
        "JSON Web Token": ("bearer", jwt),
        "RSA private key": ("", lambda: pem(rsa.generate_private_key(65537, 1024))),
        "EC private key": ("", lambda: pem(ec.generate_private_key(ec.SECP256R1()))),
        "Ed25519 private key": ("", lambda: pem(ed25519.Ed25519PrivateKey.generate())),
        "address with a password": ("database_url", lambda: f"postgres://app:{some(LETTERS, 12)}@db.internal/shop"),
        "key without a form, hexadecimal": ("api_key", lambda: some(HEX, 32)),
        "password that a person chose": ("db_password", password),
    }  # fmt: skip


def ours(texts: Sequence[str]) -> list[int]:
    """How many secrets each holds, as the product's rule of quality counts them."""
    return [sum(m.kind in OPENS and m.score >= SCORE for m in find_mentions(text)) for text in texts]


def theirs(texts: Sequence[str], ending: str = ".txt") -> list[int]:
    """How many secrets the baseline marks in each, as a file of this ending: it asks for quotes in Python."""
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"text{ending}")
        for text in texts:
            file.write_text(text, "utf-8", "replace")
            counts.append(len({(s.line_number, s.secret_value) for s in scan_file(str(file))}))
    return counts


def recall(says: Says) -> dict[str, float]:
    """Kind -> share found, and `all`."""
    lines = list(planted())
    found: dict[str, list[bool]] = {}
    for (kind, _, _), marked in zip(lines, says([line for _, line, _ in lines]), strict=True):
        found.setdefault(kind, []).append(marked > 0)
    every = [one for kind in found.values() for one in kind]
    return {"all": round(sum(every) / len(every), 3)} | {k: round(sum(v) / len(v), 2) for k, v in found.items()}


def manual_lines() -> list[str]:
    """Lines that show where a secret goes, in five frames."""
    return [frame.format(line) for line in MANUAL for frame in ("{}", "# {}", "  {}  # see below", "$ {}", "- `{}`")]


def sources() -> Iterator[tuple[str, Path]]:
    """(collection, file) of all code and texts that this Python has."""
    library, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    for path in sorted(library.rglob("*")):
        if "site-packages" not in path.parts:
            yield "standard library", path
    for path in sorted(packages.rglob("*")):
        yield "installed packages", path


def texts() -> Iterator[tuple[str, str]]:
    """(collection, text): files one by one, prose one passage at a time."""
    for name, path in sources():
        if path.suffix in ENDINGS and path.is_file() and path.stat().st_size <= LARGEST:
            yield name, path.read_text("utf-8", "replace")
    if (file := SHARED / "scifact" / "corpus.jsonl.gz").exists():
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            yield "SciFact", " ".join(json.loads(line)["text"])
    for file in sorted((SHARED / "xquad").glob("*.json")):
        for article in json.loads(file.read_text("utf-8"))["data"]:
            yield from (("XQuAD", p["context"]) for p in article["paragraphs"])


def false_alarms() -> dict[str, dict[str, float]]:
    """Collection -> how much was read, and what was marked in it by both."""
    collections: dict[str, list[str]] = {}
    for name, text in texts():
        collections.setdefault(name, []).append(text)
    return {name: rated(held, ".txt" if name in PROSE else ".py") for name, held in collections.items()}


def rated(held: Sequence[str], ending: str) -> dict[str, float]:
    """What is marked a megabyte, by our rules in all texts, by both in every 40th."""
    sample = held[::EVERY]
    marked = sum(len(list(secrets(text, lowered(text)))) for text in held)
    return {
        "texts": len(held), "mb": round(megabytes(held), 2), "marked": marked,
        "marked_per_mb": round(marked / megabytes(held), 3), "sample_mb": round(megabytes(sample), 2),
        "baseline_marked_per_mb": round(sum(theirs(sample, ending)) / megabytes(sample), 3),
    }  # fmt: skip


def speed() -> dict[str, float]:
    """Megabytes a CPU second of both, over the standard library's twenty largest modules."""
    library = Path(sysconfig.get_path("stdlib"))
    read = sorted((p.read_text("utf-8", "replace") for p in library.glob("*.py")), key=len)[-20:]
    fast = timed(lambda: [list(secrets(text, lowered(text))) for text in read])
    slow = timed(lambda: theirs(read, ".py"))
    return {"mb_per_cpu_s": round(megabytes(read) / fast, 1), "baseline_mb_per_cpu_s": round(megabytes(read) / slow, 3)}


def lowered(text: str) -> str:
    """In lower case, each character where it was; as `privacy` hands it to the rules."""
    small = text.lower()
    return small if len(small) == len(text) else text


def megabytes(held: Sequence[str]) -> float:
    return sum(len(text.encode("utf-8", "replace")) for text in held) / 1e6


def timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def share(counts: Sequence[int]) -> float:
    return round(sum(n > 0 for n in counts) / len(counts), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/secret_detection.json")
    wanted = parser.parse_args()
    with default_settings():
        report = {
            "python": ".".join(map(str, sys.version_info[:3])), "planted": len(list(planted())),
            "recall": recall(ours), "baseline_recall": recall(theirs),
            "manual_lines": len(manual_lines()), "manual_marked": share(ours(manual_lines())),
            "baseline_manual_marked": share(theirs(manual_lines())), "false_alarms": false_alarms(), "speed": speed(),
        }  # fmt: skip
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("secret_detection", report)


if __name__ == "__main__":
    main()
