#!/usr/bin/env bash
# Guess: a duration as ISO 8601 and XML Schema write it, `-PT1H` for an hour back and `PT1,5H` for one and a half, is that, or an error.
# Behaviour: to dayjs and to iso8601-duration, an hour back is an hour ahead, and PT1,5H is no time at all to dayjs. luxon,
#   tinyduration and Temporal have the sign, and what they do not read is an error or invalid.
# Hurts: whoever lets a person say since when a log is wanted, as since=-PT1H: the range is ahead of now, and nothing is in it.
# Instead: Temporal or tinyduration; or a sign beside the duration and not in it.
. "$(dirname "$0")/lib.sh"
node_with dayjs@1.11.23 iso8601-duration@2.1.4 tinyduration@3.4.1 luxon@3.7.2 @js-temporal/polyfill@0.5.1
cat >read.mjs <<'JS'
import { Temporal } from "@js-temporal/polyfill";
import dayjs from "dayjs";
import plugin from "dayjs/plugin/duration.js";
import { parse, toSeconds } from "iso8601-duration";
import { Duration } from "luxon";
import { parse as tiny } from "tinyduration";
dayjs.extend(plugin);
const now = new Date("2026-08-01T12:00:00Z");
const fromTiny = ({ negative, days = 0, hours = 0, minutes = 0 }) => (negative ? -1 : 1) * (days * 86400 + hours * 3600 + minutes * 60);
const ways = {
  dayjs: (text) => dayjs.duration(text).asSeconds(),
  "iso8601-duration": (text) => toSeconds(parse(text), now),
  luxon: (text) => { const found = Duration.fromISO(text); return found.isValid ? found.as("seconds") : "invalid"; },
  tinyduration: (text) => fromTiny(tiny(text)),
  Temporal: (text) => Temporal.Duration.from(text).total("seconds"),
};
for (const [name, way] of Object.entries(ways)) {
  const found = ["PT1H", "-PT1H", "-P1DT12H", "PT1.5H", "PT1,5H"].map((text) => {
    try { return `${text} ${way(text)}`; } catch { return `${text} an error`; }
  });
  console.log(`${name}: ${found.join(", ")}`);
}
JS
seen=$(node read.mjs 2>set-up.log)
verdict 'dayjs 1.11.23, iso8601-duration 2.1.4 (npm)' '3600, -3600, -129600, 5400 and 5400, or an error' 'dayjs: PT1H 3600, -PT1H 3600, -P1DT12H 129600, PT1.5H 5400, PT1,5H 0
iso8601-duration: PT1H 3600, -PT1H 3600, -P1DT12H 129600, PT1.5H 5400, PT1,5H 5400
luxon: PT1H 3600, -PT1H -3600, -P1DT12H -129600, PT1.5H 5400, PT1,5H invalid
tinyduration: PT1H 3600, -PT1H -3600, -P1DT12H -129600, PT1.5H 5400, PT1,5H 5400
Temporal: PT1H 3600, -PT1H -3600, -P1DT12H -129600, PT1.5H 5400, PT1,5H 5400' "$seen"
