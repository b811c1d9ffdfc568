"""Digs real DNS tunnels between network namespaces, amid ordinary look-ups, and records what a defender would see.

``python -m tests.dig list`` names the digs, ``python -m tests.dig demo -o FOLDER`` runs one. ``docs/captures.md`` tells more.
"""
