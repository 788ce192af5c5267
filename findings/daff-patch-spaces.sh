#!/usr/bin/env bash
# Guess: a patch made of two tables turns the first into the second, as daff's three-way merge of the same tables does.
# Behaviour: where a text gains a space and does not change otherwise, `daff patch` writes the sign for a visible space, U+2423, in
#   its place. With another change beside it, with a tab, and in a new row it does not. The diff itself has the space.
# Hurts: whoever keeps an export up to date by patches: texts get a character that no platform sent, and no longer compare equal.
# Instead: `daff merge old.csv old.csv new.csv`, or replace the file; compare after a patch.
. "$(dirname "$0")/lib.sh"
python_with daff==1.4.2
node_with daff@1.4.2
printf 'id,code,summary\n1,00123,refund failed\n2,500,stock low\n3,404,not found\n5,7,low stock\n' >old.csv
printf 'id,code,summary\n1,00123,"refund failed "\n2,500,stock  low\n3,404,"not found\t"\n5,7," no stock"\n4,1,"new "\n' >new.csv
same() { cmp -s "$1" new.csv && echo 'as the new one' || diff <(cat "$1") new.csv | sed -n 's/^< /instead: /p' | paste -s -d , | sed 's/,instead/, instead/g'; }
# daff quotes as it likes, so what is compared went through it once more.
"$bin/daff" copy new.csv copied.csv 2>/dev/null && mv copied.csv new.csv
seen=$(
  for daff in "$python $bin/daff.py" node_modules/.bin/daff; do
    $daff diff old.csv new.csv --output patch.csv
    $daff patch old.csv patch.csv --output patched.csv
    $daff merge old.csv old.csv new.csv --output merged.csv
    echo "$(basename "${daff##* }"): patched: $(same patched.csv)"
    echo "$(basename "${daff##* }"): merged: $(same merged.csv)"
  done 2>set-up.log
)
verdict 'daff 1.4.2 (PyPI, npm)' 'as the new one, patched and merged' 'daff.py: patched: instead: 1,00123,refund failed␣, instead: 2,500,stock ␣low
daff.py: merged: as the new one
daff: patched: instead: 1,00123,refund failed␣, instead: 2,500,stock ␣low
daff: merged: as the new one' "$seen"
