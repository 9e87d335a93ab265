"""A fleet: several shops that are planned and applied from one commit, in waves.

In: the members of a fleet file, and the JSON documents that their commands printed.
Out: changes by shop, deviations between shops, and the decision if a wave may start.
Never: a shop, a process or a clock.
"""
