"""``silta up``: every part of Silta on one machine, started in order, kept running, stopped in order.

===================  ====================================================================
:mod:`.settings`     what the environment says, read once
:mod:`.plan`         which parts there are and with what command each runs
:mod:`.process`      one child process: started, watched, stopped; nothing of it survives
:mod:`.keeper`       one part: ready in time, started again with back-off when it dies
:mod:`.readiness`    how each part shows that it is ready
:mod:`.house`        all parts: the order of start and stop
:mod:`.up`           signals, messages on the terminal, exit status
===================  ====================================================================
"""
