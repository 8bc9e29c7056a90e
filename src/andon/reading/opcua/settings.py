"""Settings of an OPC UA link."""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.endpoint import Endpoint, SignIn, check_files
from andon.plant.errors import AskUserError, At
from andon.plant.time import NS
from andon.reading.mapping import Mapping, Pattern

PORTS = {"opc.tcp": 4840}
SECURITIES = ("none", "sign", "sign-and-encrypt")


@dataclass(frozen=True, slots=True)
class OpcUaSettings:
    """Settings of an OPC UA link.

    Attributes
    ----------
    name : name of the link
    endpoint : scheme opc.tcp
    paths : patterns of browse names below Objects, like "Plant/{asset}/{tag}"
    mapping : its templates, renames and bounds are used
    sign_in : user and password; cert_file and key_file are ours, ca_file is the certificate of the server
    security : "none", "sign" or "sign-and-encrypt" (Basic256Sha256)
    every_ns : publishing interval of the subscription
    history : read what was missed from the server's history
    window : batches given and not acknowledged, at most
    most_waiting : changes held for a slow caller, at most; beyond, the oldest are lost and counted
    timeout_ns : longest wait for an answer
    """

    name: str
    endpoint: Endpoint
    paths: tuple[str, ...]
    mapping: Mapping = field(default_factory=Mapping)
    sign_in: SignIn = field(default_factory=SignIn)
    security: str = "sign-and-encrypt"
    every_ns: int = NS
    history: bool = True
    window: int = 256
    most_waiting: int = 200_000
    timeout_ns: int = 10 * NS

    def check(self, key: str = "link") -> None:
        """Raise AskUserError where a setting cannot be used."""
        check_files(self.sign_in, key=key)
        if not self.paths:
            raise AskUserError("an OPC UA link needs paths", at=At(key=f"{key}.topics"), do='for example topics = ["Plant/{asset}/{tag}"]')
        for path in self.paths:
            Pattern(path)
        if self.security not in SECURITIES:
            raise AskUserError(f"{self.security!r} is no security", at=At(key=f"{key}.security"), do=f"use one of {', '.join(SECURITIES)}")
        if self.security != "none" and not (self.sign_in.cert_file and self.sign_in.ca_file):
            raise AskUserError(
                f'security = "{self.security}" needs certificates',
                at=At(key=f"{key}.security"),
                do='give cert_file and key_file (ours) and ca_file (the server\'s); without protection, say so: security = "none"',
            )
        if self.security == "none" and self.sign_in.password:
            raise AskUserError(
                "a password must not travel unprotected", at=At(key=f"{key}.security"), do='use security = "sign-and-encrypt"'
            )
