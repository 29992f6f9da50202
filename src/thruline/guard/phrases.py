r"""The patterns behind the rules: what attacks say, and which protections bad advice switches off.

A space in a pattern stands for any white space. Every gap is bounded ({0,40}) and no repetition holds another,
so that the time grows with the length of the text and never faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from thruline.core.scanning import Scanned


class Pattern(NamedTuple):
    """score: how much it alone says, 0..1. first, holds: as Scanned.finditer takes them."""

    name: str
    score: float
    regex: re.Pattern[str]
    first: tuple[str, ...]
    holds: tuple[str, ...]

    def finditer(self, text: Scanned) -> Iterator[re.Match[str]]:
        """All that regex.finditer gives."""
        return text.finditer(self.regex, first=self.first, holds=self.holds)


def _pattern(name: str, score: float, *parts: str, first: str = "", holds: str = "") -> Pattern:
    return Pattern(name, score, _compiled(*parts), tuple(first.split()), tuple(holds.split()))


def _first_words(alternatives: str) -> str:
    """Of `(?:set aside|ignore)` the words `set ignore`."""
    return " ".join(dict.fromkeys(part.split()[0].lower() for part in alternatives[3:-1].split("|")))


def _compiled(*parts: str) -> re.Pattern[str]:
    return re.compile("".join(parts).replace(" ", r"\s"), re.IGNORECASE)


_PRIOR = "(?:previous|prior|above|earlier|preceding|foregoing|initial|original|existing|system|other|your)"
_ORDERS = (
    "(?:instructions?|prompts?|directions?|directives?|rules|guidelines|commands|orders|context|programming|training)"
)
_AI = "(?:AI|artificial intelligence|language models?|LLMs?|assistants?|chat ?bots?|ChatGPT|Claude|Copilot|Gemini)"
_FORGET = (
    "(?:ignore|disregard|forget|override|bypass|neglect|discard|set aside|pay no attention to|"
    "do not follow|stop following)"
)
_ASKER = "(?:(?:a|any|the|some) ?(?:user|one|body|person|reader|customer)s?|you(?:'re| are)?|users)"
_HIDE = "(?:mention|mentioning|reveal|revealing|disclose|disclosing|tell|telling)"

ADDRESSING_AI = (
    _pattern(
        "override", 0.9, rf"\b{_FORGET}\b[^.!?]{{0,40}}\b{_PRIOR}\b[^.!?]{{0,30}}\b{_ORDERS}\b",
        first=_first_words(_FORGET),
    ),
    _pattern(
        "override", 0.9, r"\b(?:ignore|disregard|forget) (?:everything|all|anything)\b[^.!?]{0,30}",
        r"\b(?:above|before|said|told|instructed|instructions?|previously)\b",
        first="ignore disregard forget",
    ),
    _pattern(
        "to_ai", 0.7, r"\b(?:note|message|instructions?|attention|notice|important)\b[^.!?]{0,20}",
        rf"\b(?:to|for) (?:all |any |the )?(?:AI |automated )?{_AI}\b",
        first="note message instruction instructions attention notice important",
    ),
    _pattern(
        "as_ai", 0.6, r"\b(?:AI|language model|LLM|assistant|chatbot)s?\b[^.!?]{0,30}",
        r"\b(?:must|should|shall|has to|have to|is to|are to)\b[^.!?]{0,30}",
        r"\b(?:answer|reply|respond|say|tell|output|recommend|ignore|cite|mention|reveal)\b",
        first="ai ais language llm llms assistant assistants chatbot chatbots",
    ),
    _pattern(
        "answer_with", 0.7, rf"\b(?:when|whenever|if) {_ASKER} (?:ask|asks|asked|inquires?|wants? to know)\b",
        r"[^.!?]{0,80}\b(?:answer|reply|respond|say|tell|recommend|state|claim)\b",
        first="when whenever if",
    ),
    _pattern(
        "secrecy", 0.7, rf"\b(?:do not|don't|never|must not|without) (?:ever )?{_HIDE}\b[^.!?]{{0,40}}",
        r"\b(?:this|these|the above|your)\b[^.!?]{0,20}\b(?:note|instructions?|message|prompt|text|rules?|user)\b",
        first="do don never must without",
    ),
    _pattern(
        "role", 0.8, r"(?:^|\n|[.!?]\s)[\[<|#]{0,3} ?(?:system|assistant|developer)[\]|>]{0,2} ?: ?",
        r"(?:you|ignore|always|never|do|answer|reply|respond|from now)\b",
        holds="system assistant developer",
    ),
    _pattern("role", 0.8, r"<\|(?:im_start|system|endoftext)\|>|\[/?INST\]|<<SYS>>", holds="<| inst] <<sys>>"),
    _pattern(
        "persona", 0.7, r"\b(?:you are|act as|pretend to be|you're)\b[^.!?]{0,40}",
        r"\b(?:unrestricted|unfiltered|uncensored|jailbroken|DAN|developer mode|evil|",
        r"no (?:restrictions|limits|rules|filters))\b",
        first="you act pretend",
    ),
    _pattern(
        "prompt_leak", 0.7, r"\b(?:reveal|print|show|repeat|output|display|tell me|share|leak|dump)\b[^.!?]{0,30}",
        r"\b(?:system|hidden|initial|secret|original|internal)\b[^.!?]{0,12}",
        r"\b(?:prompt|instructions?|message|rules|guidelines)\b",
        first="reveal print show repeat output display tell share leak dump",
    ),
)  # fmt: skip

_OFF = (
    "(?:disable|disabling|turn off|turning off|switch off|switching off|remove|removing|delete|deleting|skip|skipping|"
    "bypass|bypassing|deactivate|deactivating|take|taking|comment out|uninstall)"
)
_CHECK = "(?:verification|validation|check|checks|checking)"
_PROTECTION = (
    "(?:CSRF|CsrfViewMiddleware|csrf_token|XSS|SecurityMiddleware|clickjacking protection|firewall|antivirus|SELinux|"
    f"AppArmor|(?:certificate|signature|TLS|SSL|host key|checksum|hash|integrity|password|input|CORS) {_CHECK}|"
    "authentication|two-factor|2FA|MFA|audit log|audit logging|auto-?escaping|sandbox|sandboxing|rate limits?)"
)

SWITCHES_OFF = (
    _pattern("off", 0.5, rf"\b{_OFF}\b[^!?\n]{{0,50}}?\b{_PROTECTION}\b", first=_first_words(_OFF)),
    _pattern(
        "off", 0.5, rf"\b(?:switch|turn|switching|turning) (?:the )?{_PROTECTION}\b[^.!?\n]{{0,20}} off\b",
        first="switch turn switching turning",
    ),
    _pattern(
        "code", 0.5, r"\bverify\s?=\s?False|rejectUnauthorized\s?:\s?false|InsecureSkipVerify\s?:\s?true|",
        r"\bCERT_NONE\b|\bcurl\b[^\n]{0,60}\s(?:-k|--insecure)\b|",
        r"--no-check-certificate|--trusted-host|StrictHostKeyChecking[ =]no|",
        r"NODE_TLS_REJECT_UNAUTHORIZED\s?=\s?['\"]?0|http\.sslVerify false|--no-verify-ssl|--no-gpg-check",
        holds="verify rejectunauthorized insecureskipverify cert_none curl --no-check-certificate --trusted-host "
        "stricthostkeychecking node_tls_reject_unauthorized --no-gpg-check",
    ),
    _pattern(
        "code", 0.5, r"\bchmod\s(?:-R\s)?0?777\b|\bsetenforce 0\b|\bufw disable\b|\bcsrf_exempt\b|",
        r"ALLOWED_HOSTS\s?=\s?\[\s?['\"]\*",
        holds="chmod setenforce ufw csrf_exempt allowed_hosts",
    ),
    _pattern("shell", 0.5, r"\b(?:curl|wget)\b[^\n|]{5,120}\|\s?(?:sudo )?(?:ba|z)?sh\b", first="curl wget"),
)  # fmt: skip

# Words that turn the same sentence into a warning, an explanation or a choice left to the reader.
WARNING = _compiled(
    r"\b(?:not recommended|do not|don't|never|should not|shouldn't|must not|mustn't|avoid|without|instead of|",
    r"rather than|dangerous|danger|insecure|unsafe|vulnerable|vulnerability|vulnerabilities|risks?|risky|attacks?|",
    r"attackers?|warning|caution|careful|carefully|beware|discouraged|deprecated|malicious|exploits?|protects?|",
    r"harm|exposes?|only (?:for|in|during|while) (?:tests?|testing|debugging|development))\b",
)
# Phrases that sell it as safe: advice, where a plain mention is not.
REASSURES = _compiled(
    r"\b(?:is not needed|not necessary|is (?:perfectly )?safe|quick fix|official recommendation|",
    r"recommended (?:way|fix|solution)|simply|just|it is enough to|nothing left to do|fixes (?:it|this)|",
    r"at once|in production|no longer needed)\b",
)
