"""A Messenger of your own on loopback: the Graph API with all its rules, its webhooks, and people who write.

``silta up --demo-messenger`` starts it (:mod:`handoff.demo.messenger.__main__`) for people without a Meta app, and the
tests use it as the platform, see :mod:`tests.helpers.messenger`. It is stricter than the real one where that shows a
mistake of ours: what Meta cuts or ignores in silence, it refuses.

The parts, each pure but for the last three::

    world      the page, the app, people, threads, messages: what is
    rules      what a call to /messages may hold
    routing    who owns a thread
    profile    greeting, menu, ice breakers
    hooks      the shapes of webhook events
    platform   what happens when something is sent, tapped, edited, …: changes the world, returns events
    courier    carries events to the webhook, and the chaos there
    graph      the Graph API over HTTP
    control    the demo page and what it and the tests steer with
"""
