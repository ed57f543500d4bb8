"""The HTTP face of the actions: ``POST /webhook`` for Rasa, ``GET /health`` for whoever starts it.

Rasa SDK's own server listens on every address, allows every origin, and answers a failed action with the whole
request: the conversation would end in Rasa's log.
"""

from __future__ import annotations

import logging
import traceback

from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

import actions
from actions.owner import owner

__all__ = ["application"]

log = logging.getLogger(__name__)


def application(name: str = "silta_actions") -> Sanic:
    """The application with every action of this package.

    Raises:
        BadOwnerFile: better at the start than at the first handoff.
    """
    owner()
    executor = ActionExecutor()
    executor.register_package(actions)
    app = Sanic(name, configure_logging=False)

    async def health(_: Request) -> HTTPResponse:
        return json({"status": "ok", "actions": sorted(executor.actions)})

    async def webhook(request: Request) -> HTTPResponse:
        call = request.json
        if not isinstance(call, dict):
            return json({"error": "not an action call"}, status=400)
        action = call.get("next_action")
        try:
            return json(await executor.run(call))
        except ActionExecutionRejection as error:
            return json({"error": error.message, "action_name": error.action_name}, status=400)
        except ActionNotFoundException as error:
            log.error("no such action: %s", action)
            return json({"error": error.message, "action_name": error.action_name}, status=404)
        except Exception as error:
            # Not the error's own text, nor the request: they may quote the visitor.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("action %s failed: %s\n%s", action, type(error).__name__, where)
            return json({"error": type(error).__name__, "action_name": action}, status=500)

    async def refuse(_: Request, error: SanicException) -> HTTPResponse:
        return json({"error": type(error).__name__}, status=error.status_code)

    app.add_route(health, "/health", methods=["GET"])
    app.add_route(webhook, "/webhook", methods=["POST"])
    app.error_handler.add(SanicException, refuse)
    return app
