"""A study rehearsed: simulated people with known preferences, and whether they come back.

    truth.py     the planted model: who the people are, what they like, how they behave
    draws.py     rankings drawn from it, one or a million at a time
    shares.csv   the table of demographics the people are drawn from (invented, not a census)
    voices.py    which pole a canned text speaks for
    table.py     what was judged, as arrays: whoever reads a database fills them
    imagined.py  such a table dealt and judged in memory, to try checks and plans on
    figures.py   the figures that must come back, each by an estimator of insights/
    replay.py    the same plan judged again by the known model: what theory expects
    recovery.py  whether the figures are what theory expects
    checks.py    all checks: labels, order balance, recovery, careless people
    findings.py  what a check says
    power.py     what a plan can show, costs and lasts, and which locale cannot fill

All of them are pure: no database, no network, no clock; the same seed gives the same people.
Who plays the people over HTTP asks `Truth.from_seed(seed).person(index)` for each, shows
`Truth.rank` the poles in the order on her page, and hands what the database then holds as
a `table.Table` to `checks.run`. docs/rehearsal.md says what is planted and what is checked.
"""
