"""Images: re-hosted by the server, so that a written URL does not read back (API §6.5)."""

from hashlib import sha1

from dealpos_reconciler.sandbox.choices import Choices

_CDN = "https://cdn.dealpos.app/net/sandbox/Product"
_THUMBNAILS = "https://dealpos.b-cdn.net/net/sandbox/Product"


def url(source: str, product_id: str, choices: Choices) -> str:
    """Return the URL that an image reads back as."""
    if not source or not choices.rehost_images or source.startswith(f"{_CDN}/{product_id}/"):
        return source
    return f"{_CDN}/{product_id}/{_name(source)}.jpeg"


def thumbnail(source: str, product_id: str, choices: Choices) -> str:
    """Return the URL of the small image, which no write field sets."""
    if not source:
        return ""
    hosted = url(source, product_id, choices.with_changes(rehost_images=True))
    return f"{_THUMBNAILS}{hosted.removeprefix(_CDN)}?width=80"


def _name(source: str) -> str:
    return sha1(source.encode(), usedforsecurity=False).hexdigest()[:12]
