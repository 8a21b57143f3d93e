"""The compiled search: rows of patients that a population would give and that print what the paper prints.

In the order in which to read it: :mod:`~haicbook.survival.engine.state` (what it works on),
:mod:`~haicbook.survival.engine.rows`, :mod:`~haicbook.survival.engine.statistics` (what rows print),
:mod:`~haicbook.survival.engine.loss` (how far that is from the paper), :mod:`~haicbook.survival.engine.prior` (the
population), :mod:`~haicbook.survival.engine.proposals` (Metropolis steps), then the search for the nearest rows that
meet every number: :mod:`~haicbook.survival.engine.event_counts`, :mod:`~haicbook.survival.engine.landmarks`,
:mod:`~haicbook.survival.engine.forward`, :mod:`~haicbook.survival.engine.warps`; and
:mod:`~haicbook.survival.engine.annealing`, which makes a cycle of all that.

:mod:`haicbook.survival.chains` is its only caller, and every data set that it yields is verified by code that shares
nothing with it. Import its modules where they are used: the compiler takes half a second to import.
"""
