"""Orders: a small API that shows how a Python service is instrumented.

`opentelemetry-instrument` does most of it before this file is read: spans and metrics of requests,
the trace context of calls, and what `logging` writes. Here stands only what it cannot know.
"""

import itertools
import logging
import os
import signal
import time
from collections import deque
from types import FrameType
from typing import Any

import requests
from flask import Flask, Response, jsonify, request
from opentelemetry.metrics import get_meter
from opentelemetry.trace import get_tracer
from waitress import create_server
from werkzeug.exceptions import BadRequest, HTTPException

SLOW_SECONDS = 1.2
DOWNSTREAM_TIMEOUT_SECONDS = 10
KEPT_ORDERS = 100
MAX_ITEM_LENGTH = 100

HOST = os.environ.get("HOST", "0.0.0.0")  # noqa: S104 - a pod has interfaces of its own
PORT = int(os.environ.get("PORT", "8080"))
DOWNSTREAM_URL = os.environ.get("DOWNSTREAM_URL", "").rstrip("/")

# region log
# No handler that prints: the SDK added one that sends, and the cluster also collects printed lines.
log = logging.getLogger("orders")
log.setLevel(logging.INFO)
# The SDK prints its own messages: it may be unable to send.
logging.getLogger("opentelemetry").addHandler(logging.StreamHandler())
# endregion

# region metric
orders_created = get_meter("orders").create_counter(
    "app.orders.created", unit="{order}", description="Orders that were accepted."
)
# endregion
tracer = get_tracer("orders")

app = Flask(__name__)
orders: deque[dict[str, Any]] = deque(maxlen=KEPT_ORDERS)
next_id = itertools.count(1)


@app.get("/orders")
def list_orders() -> Response:
    """The newest orders, and those of the service downstream."""
    return jsonify(orders=list(orders), downstream=call_downstream("GET"))


@app.post("/orders")
def create_order() -> tuple[Response, int]:
    """Keep an order here and downstream."""
    order = {"id": next(next_id), **read_order(request.get_json(silent=True))}
    downstream = call_downstream("POST", order)
    # region span
    with tracer.start_as_current_span("store order") as span:
        span.set_attribute("app.order.quantity", order["quantity"])
        orders.append(order)
    # endregion
    # region count
    size = "single" if order["quantity"] == 1 else "bulk"
    orders_created.add(1, {"app.order.size": size})
    # endregion
    return jsonify(**order, downstream=downstream), 201


@app.get("/orders/slow")
def slow_orders() -> Response:
    """Slower than `slow_trace_ms`: the gateway keeps every such trace."""
    time.sleep(SLOW_SECONDS)
    return jsonify(orders=list(orders))


@app.get("/orders/fail")
def failing_orders() -> Response:
    """An error: the span gets the exception and the gateway keeps every such trace."""
    raise RuntimeError("the store of orders cannot be reached")


@app.get("/healthz")
def healthz() -> Response:
    """Report that this process answers; it does not check other services."""
    return jsonify(status="ok")


def read_order(body: Any) -> dict[str, Any]:
    """The order in a request; raises BadRequest with the allowed values."""
    if not isinstance(body, dict):
        raise BadRequest('body: allowed is a JSON object as {"item": "book", "quantity": 1}')
    item, quantity = body.get("item"), body.get("quantity")
    if not isinstance(item, str) or not 1 <= len(item) <= MAX_ITEM_LENGTH:
        raise BadRequest(f"item: allowed is a text of 1 to {MAX_ITEM_LENGTH} characters")
    # True is an int in Python.
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise BadRequest("quantity: allowed is a whole number of 1 or more")
    return {"item": item, "quantity": quantity}


def call_downstream(method: str, order: dict[str, Any] | None = None) -> Any:
    """The answer of the downstream service, or nothing if there is none."""
    if not DOWNSTREAM_URL:
        return None
    body = order and {"item": order["item"], "quantity": order["quantity"]}
    answer = requests.request(
        method, f"{DOWNSTREAM_URL}/orders", json=body, timeout=DOWNSTREAM_TIMEOUT_SECONDS
    )
    answer.raise_for_status()
    return answer.json()


# region request-log
@app.after_request
def log_request(response: Response) -> Response:
    """One line per request, with the trace it belongs to."""
    if request.path != "/healthz":
        log.info(
            "%s %s answered %d",
            request.method,
            request.url_rule or "(no route)",
            response.status_code,
            extra={"http.response.status_code": response.status_code},
        )
    return response


# endregion


@app.errorhandler(HTTPException)
def refuse(error: HTTPException) -> tuple[Response, int]:
    """Errors are JSON, too. A 500 hides the cause from the caller: the span and the log have it."""
    return jsonify(error=error.description), error.code or 500


# region shutdown
def stop(_signal: int, _frame: FrameType | None) -> None:
    """Exit normally, so that the SDK sends its remaining telemetry."""
    raise SystemExit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    # One process with threads: the SDK's own do not survive a fork. Not waitress' `serve`, which
    # makes `logging` print.
    create_server(app, host=HOST, port=PORT, threads=8).run()
# endregion
