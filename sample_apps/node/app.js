'use strict';
// Orders: a small API that shows how a Node.js service is instrumented.
//
// `--require @opentelemetry/auto-instrumentations-node/register` does most of it before this file
// is loaded: spans and metrics of requests, the trace context of calls, and the logs of pino. This
// file adds only what the instrumentation cannot know.

const { setTimeout: sleep } = require('node:timers/promises');

const { metrics, SpanStatusCode, trace } = require('@opentelemetry/api');
const express = require('express');
const pino = require('pino');

const SLOW_MS = 1200;
const DOWNSTREAM_TIMEOUT_MS = 10_000;
const KEPT_ORDERS = 100;
const LONGEST_ITEM = 100;

const downstreamUrl = (process.env.DOWNSTREAM_URL ?? '').replace(/\/+$/, '');

// region log
// Prints nothing: the SDK sends each line, and the cluster also collects printed lines.
const log = pino({ base: null }, { write() {} });
// endregion

// region metric
const ordersCreated = metrics.getMeter('orders').createCounter('app.orders.created', {
  unit: '{order}',
  description: 'Orders that were accepted.',
});
// endregion
const tracer = trace.getTracer('orders');

const orders = [];
let lastId = 0;

const WHAT_IS_ALLOWED = 'body: allowed is a JSON object as {"item": "book", "quantity": 1}';

class BadRequest extends Error {}

const app = express();
app.disable('x-powered-by');

// region request-log
// One line per request, with the trace it belongs to.
app.use((request, response, next) => {
  response.on('finish', () => {
    if (request.path === '/healthz') return;
    const route = request.route?.path ?? '(no route)';
    log.info(
      { 'http.response.status_code': response.statusCode },
      `${request.method} ${route} answered ${response.statusCode}`,
    );
  });
  next();
});
// endregion
app.use(express.json());

app.get('/orders', async (_request, response) => {
  response.json({ orders, downstream: await callDownstream('GET') });
});

app.post('/orders', async (request, response) => {
  const order = { id: ++lastId, ...readOrder(request.body) };
  const downstream = await callDownstream('POST', order);
  // region span
  tracer.startActiveSpan('store order', (span) => {
    span.setAttribute('app.order.quantity', order.quantity);
    orders.push(order);
    if (orders.length > KEPT_ORDERS) orders.shift();
    span.end();
  });
  // endregion
  // region count
  const size = order.quantity === 1 ? 'single' : 'bulk';
  ordersCreated.add(1, { 'app.order.size': size });
  // endregion
  response.status(201).json({ ...order, downstream });
});

// Slower than `slow_trace_ms`: the gateway keeps every such trace.
app.get('/orders/slow', async (_request, response) => {
  await sleep(SLOW_MS);
  response.json({ orders });
});

// An error: the span gets the exception and the gateway keeps every such trace.
app.get('/orders/fail', () => {
  throw new Error('the store of orders cannot be reached');
});

// Reports that this process answers; it does not check other services.
app.get('/healthz', (_request, response) => {
  response.json({ status: 'ok' });
});

app.use((_request, response) => {
  response.status(404).json({ error: 'not found' });
});

// region error
// Errors are JSON, too. A 500 hides the cause from the caller: the span and the log have it.
app.use((error, _request, response, next) => {
  if (response.headersSent) return next(error);
  if (error instanceof BadRequest) return response.status(400).json({ error: error.message });
  // What express.json() cannot read: no JSON, another encoding, too long.
  if (error.status < 500) return response.status(400).json({ error: WHAT_IS_ALLOWED });
  const span = trace.getActiveSpan();
  span?.recordException(error);
  span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  log.error({ err: error }, error.message);
  return response.status(500).json({ error: 'internal error' });
});
// endregion

// The order in a request; throws BadRequest with the allowed values.
function readOrder(body) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new BadRequest(WHAT_IS_ALLOWED);
  }
  const { item, quantity } = body;
  if (typeof item !== 'string' || item.length < 1 || item.length > LONGEST_ITEM) {
    throw new BadRequest(`item: allowed is a text of 1 to ${LONGEST_ITEM} characters`);
  }
  if (!Number.isSafeInteger(quantity) || quantity < 1) {
    throw new BadRequest('quantity: allowed is a whole number of 1 or more');
  }
  return { item, quantity };
}

// The answer of the downstream service, or nothing if there is none.
async function callDownstream(method, order) {
  if (!downstreamUrl) return null;
  const answer = await fetch(`${downstreamUrl}/orders`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: order && JSON.stringify({ item: order.item, quantity: order.quantity }),
    signal: AbortSignal.timeout(DOWNSTREAM_TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`${method} ${downstreamUrl}/orders answered ${answer.status}`);
  return answer.json();
}

const server = app.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '0.0.0.0');

// region shutdown
// At SIGTERM the SDK stops immediately and would lose the requests in progress. It also stops when
// the event loop is empty: after the last response.
process.removeAllListeners('SIGTERM');
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
// endregion
