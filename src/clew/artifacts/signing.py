"""Signed addresses with parameters of our own (AWS Signature Version 4 in the query).

obstore signs an address for one object and one method but no parameters, which the calls of S3's
multipart uploads need. So its address is taken as it is - host, path style, region, session token -
and signed again with more in it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

_OURS = "X-Amz-Signature"


def resign(method: str, url: str, parameters: Mapping[str, str], secret_key: str) -> str:
    """``url``, an address that was signed for any method, signed for ``method`` and with ``parameters`` added.

    secret_key: belongs to the access key that the address names.
    """
    parts = urlsplit(url)
    query = {name: value for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != _OURS}
    query.update(parameters)
    text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(query.items()))
    canonical = "\n".join((method, parts.path, text, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
    scope = query["X-Amz-Credential"].split("/", 1)[1]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest))
    key = b"AWS4" + secret_key.encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{text}&{_OURS}={signature}"


def access_key_of(url: str) -> str:
    """The access key that a signed address names."""
    return dict(parse_qsl(urlsplit(url).query)).get("X-Amz-Credential", "").partition("/")[0]


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
