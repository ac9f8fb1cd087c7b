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

The others play and look: they need a database, and most of them a network.

    copies.py       the marked copy of a study, made and removed
    browser.py      a browser without a screen: cookies, redirects, forms
    world.py        what all people share
    play.py         people at their browsers
    direct.py       the same people calling the actions, without HTTP
    ledger.py       what people themselves know of what they sent
    clock.py        leases that lapse and reading times, set in the copy's rows
    reading.py      what the database holds, as a table
    bookkeeping.py  checks that need no truth: full, exact, nothing lost, all explained
    capacity.py     the arithmetic before anybody plays
    defects.py      spoiled copies, to see that the checks notice
    servers.py      pages, worker and provider, where none is found
    stage.py        all of it in order
    report.py       what is printed and written

Who plays the people over HTTP asks `Truth.from_seed(seed).person(index)` for each, shows
`Truth.rank` the poles in the order on her page, and hands what the database then holds as
a `table.Table` to `checks.run`. docs/rehearsal.md says what is planted and what is checked.
"""
