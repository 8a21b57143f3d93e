"""A finished folder takes another's place in one step, or in two that can be undone."""

from __future__ import annotations

import threading

import pytest
from tiny import snapshot, write

from haicbook.book import swap


@pytest.fixture
def folders(tmp_path):
    write(tmp_path / "new/page", "new")
    write(tmp_path / "place/page", "old")
    return tmp_path / "new", tmp_path / "place"


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_new_folder_is_in_place_and_the_old_one_where_it_was(folders, monkeypatch, can_exchange):
    new, place = folders
    if not can_exchange:
        monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    swap.put_in_place(new, place)
    assert (snapshot(place), snapshot(new)) == ({"page": b"new"}, {"page": b"old"})


def test_where_there_is_nothing_the_new_folder_just_moves(folders, tmp_path):
    swap.put_in_place(folders[0], tmp_path / "nothing")
    assert snapshot(tmp_path / "nothing") == {"page": b"new"}
    assert not folders[0].exists()


def test_killed_half_way_the_old_folder_is_put_back(folders, monkeypatch):
    new, place = folders
    monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    rename = type(new).rename

    def killed(self, target):
        if self == new:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(new), "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        swap.put_in_place(new, place)
    monkeypatch.undo()
    assert not place.exists()
    swap.put_back(place)
    assert snapshot(place) == {"page": b"old"}


def test_a_reader_never_finds_nothing(folders):
    new, place = folders
    if not swap._exchange(new, place):
        pytest.skip("this file system cannot exchange folders")
    missed, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            if not (place / "page").exists():
                missed.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        swap.put_in_place(new, place)
    stop.set()
    reader.join()
    assert missed == []
