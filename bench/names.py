"""Names: the registered domain of a million names, beside tldextract and beside merely making them lower case.

Each process makes the same names; the comparison with lower-casing repeats the work so that start-up does not hide it.
"""

from __future__ import annotations

from bench.ratio import Ratio, compare, python

MAKE = """
import hashlib, pyarrow as pa
tails = ("example.com", "a.co.uk", "d1.cloudfront.net", "corp.local", "x.y.example.org", "bucket.s3.amazonaws.com")
names = [f"{hashlib.md5(b'%d' % i).hexdigest()}.{tails[i % 6]}" for i in range({count})]
column = pa.array(names)
"""
OURS = "from molehunt.names import registered_domain\nfor _ in range({times}): registered_domain(column)"
LOWER = "import pyarrow.compute as pc\nfor _ in range({times}): pc.utf8_lower(column)"
TLDEXTRACT = """
import tldextract
extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
domains = [extract(name).top_domain_under_public_suffix for name in names]
"""


def run() -> list[Ratio]:
    """Compare whole processes; the names' making is in both."""
    million, tenth = MAKE.replace("{count}", "1000000"), MAKE.replace("{count}", "100000")
    return [
        compare(
            "registered domain of 1 M names, beside tldextract",
            python(million + OURS.format(times=1)),
            python(million + TLDEXTRACT),
            target=0.5,
        ),
        compare(
            "registered domain of 20 M names, beside pyarrow's utf8_lower",
            python(tenth + OURS.format(times=200)),
            python(tenth + LOWER.format(times=200)),
            target=2.0,
        ),
    ]


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
