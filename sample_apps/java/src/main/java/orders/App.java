package orders;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import sun.misc.Signal;

/**
 * Orders: a small API that shows how a Java service is instrumented.
 *
 * <p>The agent (`-javaagent`) does most of it: spans and metrics of requests, the trace context of
 * calls, and the records of `java.util.logging`. This file adds only what the agent cannot know.
 */
public final class App {
  private static final long SLOW_MS = 1200;
  private static final Duration DOWNSTREAM_TIMEOUT = Duration.ofSeconds(10);
  private static final int KEPT_ORDERS = 100;
  private static final int LONGEST_ITEM = 100;
  private static final long DRAIN_SECONDS = 15;

  // region log
  private static final Logger LOG = Logger.getLogger("orders");

  static {
    // No handler that prints: the agent sends each record, and the cluster collects printed lines.
    LogManager.getLogManager().reset();
  }

  // endregion

  // region metric
  private static final LongCounter ORDERS_CREATED =
      GlobalOpenTelemetry.getMeter("orders")
          .counterBuilder("app.orders.created")
          .setUnit("{order}")
          .setDescription("Orders that were accepted.")
          .build();
  private static final AttributeKey<String> SIZE = AttributeKey.stringKey("app.order.size");
  // endregion
  private static final Tracer TRACER = GlobalOpenTelemetry.getTracer("orders");

  private static final Gson JSON = new GsonBuilder().serializeNulls().create();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().connectTimeout(DOWNSTREAM_TIMEOUT).build();

  private final String downstreamUrl;
  private final Deque<Order> orders = new ArrayDeque<>();
  private final AtomicLong lastId = new AtomicLong();

  private App(String downstreamUrl) {
    this.downstreamUrl = downstreamUrl.replaceAll("/+$", "");
  }

  /** Listens on HOST and PORT until SIGTERM. */
  public static void main(String[] arguments) throws IOException {
    App app = new App(System.getenv().getOrDefault("DOWNSTREAM_URL", ""));
    String host = System.getenv().getOrDefault("HOST", "0.0.0.0");
    int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
    HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 0);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    server.setExecutor(threads);
    app.route(server, "/orders", app::orders);
    app.route(server, "/orders/slow", app::slowOrders);
    app.route(server, "/orders/fail", app::failingOrders);
    app.route(server, "/", exchange -> new Answer(404, new Failure("not found")));
    app.route(server, "/healthz", exchange -> new Answer(200, new Status("ok")));
    stopAtSigterm(server, threads);
    server.start();
  }

  // region shutdown
  // Not a shutdown hook: all hooks run at the same time, and the hook of the agent would stop the
  // SDK while requests are in progress.
  private static void stopAtSigterm(HttpServer server, ExecutorService threads) {
    Signal.handle(
        new Signal("TERM"),
        signal -> {
          threads.shutdown();
          try {
            threads.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS);
          } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
          }
          server.stop(0);
          System.exit(0);
        });
  }

  // endregion

  private Answer orders(HttpExchange exchange) throws IOException, InterruptedException {
    return switch (exchange.getRequestMethod()) {
      case "GET" -> new Answer(200, new Listed(keptOrders(), callDownstream("GET", null)));
      case "POST" -> createOrder(body(exchange));
      default -> throw new Refusal(405, "method: allowed are GET and POST");
    };
  }

  private Answer createOrder(String body) throws IOException, InterruptedException {
    Wanted wanted = readOrder(body);
    Order order = new Order(lastId.incrementAndGet(), wanted.item(), wanted.quantity());
    JsonElement downstream = callDownstream("POST", wanted);
    // region span
    Span span = TRACER.spanBuilder("store order").startSpan();
    try (Scope ignored = span.makeCurrent()) {
      span.setAttribute("app.order.quantity", order.quantity());
      keep(order);
    } finally {
      span.end();
    }
    // endregion
    // region count
    ORDERS_CREATED.add(1, Attributes.of(SIZE, order.quantity() == 1 ? "single" : "bulk"));
    // endregion
    return new Answer(201, new Created(order.id(), order.item(), order.quantity(), downstream));
  }

  /** Slower than `slow_trace_ms`: the gateway keeps every such trace. */
  private Answer slowOrders(HttpExchange exchange) throws InterruptedException {
    Thread.sleep(SLOW_MS);
    return new Answer(200, new Listed(keptOrders(), null));
  }

  /** An error: the span gets the exception and the gateway keeps every such trace. */
  private Answer failingOrders(HttpExchange exchange) {
    throw new IllegalStateException("the store of orders cannot be reached");
  }

  private static String body(HttpExchange exchange) throws IOException {
    return new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** The order in a request; throws Refusal with the allowed values. */
  private static Wanted readOrder(String body) {
    JsonObject order;
    try {
      order = JsonParser.parseString(body).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException notAnObject) {
      throw new Refusal(
          400, "body: allowed is a JSON object as {\"item\": \"book\", \"quantity\": 1}");
    }
    String item = text(order.get("item"));
    if (item == null || item.isEmpty() || item.length() > LONGEST_ITEM) {
      throw new Refusal(400, "item: allowed is a text of 1 to " + LONGEST_ITEM + " characters");
    }
    Long quantity = wholeNumber(order.get("quantity"));
    if (quantity == null || quantity < 1) {
      throw new Refusal(400, "quantity: allowed is a whole number of 1 or more");
    }
    return new Wanted(item, quantity);
  }

  private static String text(JsonElement value) {
    boolean isText = value instanceof JsonPrimitive primitive && primitive.isString();
    return isText ? value.getAsString() : null;
  }

  private static Long wholeNumber(JsonElement value) {
    if (!(value instanceof JsonPrimitive primitive) || !primitive.isNumber()) {
      return null;
    }
    try {
      return new BigDecimal(value.getAsString()).longValueExact();
    } catch (ArithmeticException | NumberFormatException notWhole) {
      return null;
    }
  }

  /** The answer of the downstream service, or nothing if there is none. */
  private JsonElement callDownstream(String method, Wanted order)
      throws IOException, InterruptedException {
    if (downstreamUrl.isEmpty()) {
      return null;
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(downstreamUrl + "/orders"))
            .timeout(DOWNSTREAM_TIMEOUT)
            .header("Content-Type", "application/json")
            .method(
                method,
                order == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(JSON.toJson(order)))
            .build();
    HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 400) {
      throw new IOException(method + " " + request.uri() + " answered " + answer.statusCode());
    }
    return JsonParser.parseString(answer.body());
  }

  private synchronized void keep(Order order) {
    orders.addLast(order);
    if (orders.size() > KEPT_ORDERS) {
      orders.removeFirst();
    }
  }

  private synchronized List<Order> keptOrders() {
    return new ArrayList<>(orders);
  }

  private void route(HttpServer server, String path, Handler handler) {
    server.createContext(path, exchange -> answer(exchange, path, handler));
  }

  // region error
  /** One line per request, with the trace it belongs to; errors are JSON, too. */
  private static void answer(HttpExchange exchange, String route, Handler handler)
      throws IOException {
    Answer answer;
    try {
      // A context also gets what is below its path.
      answer =
          exchange.getRequestURI().getPath().equals(route)
              ? handler.answer(exchange)
              : new Answer(404, new Failure("not found"));
    } catch (Refusal refusal) {
      answer = new Answer(refusal.status, new Failure(refusal.getMessage()));
    } catch (Exception error) {
      // A 500 hides the cause from the caller: the span and the log have it.
      Span.current().recordException(error).setStatus(StatusCode.ERROR, error.getMessage());
      LOG.log(Level.SEVERE, error.getMessage(), error);
      answer = new Answer(500, new Failure("internal error"));
    }
    if (!route.equals("/healthz")) {
      LOG.info(exchange.getRequestMethod() + " " + route + " answered " + answer.status());
    }
    send(exchange, answer);
  }

  // endregion

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    byte[] body = JSON.toJson(answer.body()).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    try (exchange) {
      exchange.sendResponseHeaders(answer.status(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private interface Handler {
    Answer answer(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private record Wanted(String item, long quantity) {}

  private record Order(long id, String item, long quantity) {}

  private record Created(long id, String item, long quantity, JsonElement downstream) {}

  private record Listed(List<Order> orders, JsonElement downstream) {}

  private record Status(String status) {}

  private record Failure(String error) {}

  private record Answer(int status, Object body) {}

  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;

    Refusal(int status, String message) {
      super(message);
      this.status = status;
    }
  }
}
