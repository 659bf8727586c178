"""Texts as HTML and XML have them."""

from __future__ import annotations

from html import escape

from rnncalc.errors import printable


def escaped(value: object) -> str:
    """A text in an element or an attribute, whatever is in it.

    >>> escaped('<b> & "it\\'s"')
    '&lt;b&gt; &amp; &quot;it&#x27;s&quot;'
    """
    return escape(printable(str(value)))
