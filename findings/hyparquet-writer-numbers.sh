#!/usr/bin/env bash
# Guess: a writer of Parquet for JavaScript makes DOUBLE or INT64 of a column of numbers, for that is what numbers are there.
# Behaviour: hyparquet-writer makes INT32 of whole numbers and refuses what does not fit: 3000000000, and every time as
#   milliseconds. One fraction in the column makes it DOUBLE, and then the same numbers are welcome. So the export works
#   or fails by what else came in that day.
# Hurts: whoever writes counters or Date.now() from a Node program.
# Instead: name the type of each column: 'DOUBLE', or 'INT64' with BigInt values.
. "$(dirname "$0")/lib.sh"
node_with hyparquet-writer@0.17.0
cat >try.mjs <<'JS'
import { parquetWriteBuffer } from 'hyparquet-writer'
for (const [name, data, type] of [
  ['a time', [1793491200000]],
  ['a time beside a fraction', [1793491200000, 0.5]],
  ['a time as INT64', [1793491200000n], 'INT64'],
]) {
  try {
    parquetWriteBuffer({ columnData: [{ name: 'x', data, type }] })
    console.log(`${name}: written`)
  } catch (error) {
    console.log(`${name}: ${error.message}`)
  }
}
JS
verdict 'hyparquet-writer 0.17.0 (npm)' 'written, each time' 'a time: parquet expected int32 value, got 1793491200000
a time beside a fraction: written
a time as INT64: written' "$(node try.mjs)"
