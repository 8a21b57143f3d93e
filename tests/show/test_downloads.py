"""Files that a page carries within itself."""

from __future__ import annotations

import base64
import gzip

from bs4 import BeautifulSoup

from haicbook.show import rows_downloads


def test_both_files_are_in_the_page_and_the_compressed_one_names_no_time_and_no_system():
    markup = rows_downloads("small", {"Overall survival": ("one\n", "all\n" * 99)}).data
    links = BeautifulSoup(markup, "html.parser").find_all("a")
    assert [link["download"] for link in links] == [
        "small-overall-survival-synthetic.csv",
        "small-overall-survival-synthetic-all.csv.gz",
    ]
    one, every = (base64.b64decode(link["href"].partition(",")[2]) for link in links)
    assert one == b"one\n"
    assert gzip.decompress(every) == b"all\n" * 99
    # RFC 1952: no name, no time, the densest compression, an unknown system
    assert every[:10] == b"\x1f\x8b\x08\x00" + bytes(4) + b"\x02\xff"
