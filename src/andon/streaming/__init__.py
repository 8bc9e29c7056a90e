"""The live loop: what the journal holds, in order, becomes ticks, verdicts and alarms; the same records give the same answers.

Everything here but the loop itself is a pure function of the entries of the journal: `watermark` says up to which source time
everything has come, `arrivals` keeps what waits and gives out whole ticks. No part reads a clock: the loop writes moments of its clock
into the journal (`clock_mark`), so that a replay after a crash decides as it did before.
"""
