// Reads [{language, text}, ...] from stdin and writes, for each: where its language's grammar does
// not accept it, the selectors of series or log streams in it, the labels that these match by, and
// the labels by which it groups and joins. verification/dashboards/query_grammars.py starts it.
import { parser as promql } from "@prometheus-io/lezer-promql";
import { parser as logql } from "@grafana/lezer-logql";
import { parser as traceql } from "@grafana/lezer-traceql";

const parsers = { promql, logql, traceql };
const SELECTORS = new Set(["VectorSelector", "Selector"]);
const GROUPINGS = new Set(["GroupingLabels", "Labels"]);

function inside(node, names) {
  for (let above = node.parent; above; above = above.parent) if (names.has(above.name)) return true;
  return false;
}

function read({ language, text }) {
  const found = { errors: [], selectors: [], matched: [], grouped: [], divisors: [] };
  parsers[language].parse(text).iterate({
    enter: (ref) => {
      const node = ref.node;
      const own = text.slice(node.from, node.to);
      if (node.type.isError) found.errors.push({ from: node.from, to: node.to });
      if (SELECTORS.has(node.name)) found.selectors.push(own);
      if (node.name === "Div" && node.parent.lastChild) {
        found.divisors.push(text.slice(node.parent.lastChild.from, node.parent.lastChild.to));
      }
      if (node.name !== "LabelName" && node.name !== "Identifier") return;
      if (inside(node, GROUPINGS)) found.grouped.push(own);
      else if (inside(node, SELECTORS) && /Matcher$/.test(node.parent.name)) found.matched.push(own);
    },
  });
  return found;
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
console.log(JSON.stringify(JSON.parse(Buffer.concat(chunks).toString("utf8")).map(read)));
