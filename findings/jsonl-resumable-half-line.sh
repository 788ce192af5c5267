#!/usr/bin/env bash
# Guess: an index of the lines of a file, brought up to date after each append, knows the lines of the file.
# Behaviour: a line whose end had not been written yet counts as one, and when the end comes, it counts as another, for good, also when
#   the file is opened again. From there on each number is one too high: a line is read in halves, and who goes on after N
#   records gets one of them again, without an error.
# Hurts: whoever follows an export while it is written, and keeps the number of records done.
# Instead: `rebuild()` before each read, or export to another name and rename.
. "$(dirname "$0")/lib.sh"
python_with jsonl-resumable==0.5.0
seen=$("$python" -W ignore - 2>set-up.log <<'PY'
from jsonl_resumable import JsonlIndex
def write(text, mode="a"):
    with open("log.jsonl", mode) as file:
        file.write(text)
def show(when, index):
    lines = [index.read_line(number) for number in range(index.total_lines)]
    print(f"{when}: {index.total_lines} lines {lines}, after 4 records", [record["id"] for record in index.iter_json_from(4)])
for ends in [["\n", "\n", "\n"], ["\n", "\n", None]]:
    write("".join(f'{{"id":{id}}}{end}' if end else f'{{"id":{id}' for id, end in zip([1, 2, 3], ends)), "w")
    index = JsonlIndex("log.jsonl")
    index.rebuild()
    write("" if ends[2] else "}\n")
    write('{"id":4}\n{"id":5}\n')
    index.update()
    name = "whole lines" if ends[2] else "a line in halves"
    show(name, index)
    show(f"{name}, opened again", JsonlIndex("log.jsonl"))
index.rebuild()
show("rebuilt", index)
PY
)
verdict 'jsonl-resumable 0.5.0 (PyPI)' '5 lines, and after 4 records [5], each time' 'whole lines: 5 lines ['\''{"id":1}'\'', '\''{"id":2}'\'', '\''{"id":3}'\'', '\''{"id":4}'\'', '\''{"id":5}'\''], after 4 records [5]
whole lines, opened again: 5 lines ['\''{"id":1}'\'', '\''{"id":2}'\'', '\''{"id":3}'\'', '\''{"id":4}'\'', '\''{"id":5}'\''], after 4 records [5]
a line in halves: 6 lines ['\''{"id":1}'\'', '\''{"id":2}'\'', '\''{"id":3'\'', '\''}'\'', '\''{"id":4}'\'', '\''{"id":5}'\''], after 4 records [4, 5]
a line in halves, opened again: 6 lines ['\''{"id":1}'\'', '\''{"id":2}'\'', '\''{"id":3'\'', '\''}'\'', '\''{"id":4}'\'', '\''{"id":5}'\''], after 4 records [4, 5]
rebuilt: 5 lines ['\''{"id":1}'\'', '\''{"id":2}'\'', '\''{"id":3}'\'', '\''{"id":4}'\'', '\''{"id":5}'\''], after 4 records [5]' "$seen"
