"""The evaluation: corpora, generated channels, look-alikes and mixed days, with molehunt and the public rules beside it.

``python -m evaluation`` writes ``docs/evaluation.md``. Data flows one way: a *case* (queries and what is true of them) goes
through :mod:`evaluation.measure` to one result, and all results go through :mod:`evaluation.tables` to the page.
"""
