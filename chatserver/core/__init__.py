"""The chat itself, as pure functions over commands, events and State.

`decide(state, command)` says what happens, or refuses; `evolve(state, event)` makes it
so; `deliver(state, event)` says who hears of it. Nothing here reads a clock, draws a random
number, opens a socket or a file, or writes a log: what varies arrives in the command.
"""
