#!/usr/bin/env bash
# Guess: AlaSQL's aggregates of entries answer as a database's: the greatest time is the newest one, also where times are text, and
#   numbers that came as text are added up or refused.
# Behaviour: max and min of texts are undefined, so JSON leaves the column out: {}. sum leaves texts out of a mixed column, avg joins
#   them on: the average of 1, "2" and 10 is that of "12" and 10, read as 1210 and divided by three. order by … limit 1 is right.
# Hurts: whoever asks a CSV or JSON export in Node for the newest entry or a mean: there is no newest, or a mean beyond every value.
# Instead: order by the field and take the first; cast numbers before.
. "$(dirname "$0")/lib.sh"
node_with alasql@4.19.1
seen=$(node -e '
  const alasql = require("alasql");
  const log = [
    { time: "2026-08-01T10:00:00.123Z", id: "6001234567890123456", took: 1 },
    { time: "2026-08-01T10:00:07.000Z", id: "6001234567890123457", took: "2" },
    { time: "2026-08-01T10:00:05.500Z", id: "6001234567890123458", took: 10 },
  ];
  for (const query of ["max(time) as newest", "min(time) as oldest", "max(id) as newest", "sum(took) as seconds", "avg(took) as average", "avg(cast(took as number)) as average", "max(took) as longest"])
    console.log(`${query}:`, JSON.stringify(alasql(`select ${query} from ?`, [log])));
  console.log("order by:", JSON.stringify(alasql("select time as newest from ? order by time desc limit 1", [log])));
')
verdict 'alasql 4.19.1 (npm)' '10:00:07, 10:00:00.123, …458, 13, 4.33, 4.33 and 10' 'max(time) as newest: [{}]
min(time) as oldest: [{}]
max(id) as newest: [{}]
sum(took) as seconds: [{"seconds":10}]
avg(took) as average: [{"average":403.3333333333333}]
avg(cast(took as number)) as average: [{"average":4.333333333333333}]
max(took) as longest: [{"longest":10}]
order by: [{"newest":"2026-08-01T10:00:07.000Z"}]' "$seen"
