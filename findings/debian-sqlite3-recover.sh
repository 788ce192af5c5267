#!/usr/bin/env bash
# Guess: `.recover` of Debian's sqlite3 saves what can be read of a database, all of a sound one.
# Behaviour: in Debian 12 it saves nothing of any database: the shell is built without the table that it reads pages by. It
#   prints the first pragmas, "sql error: SQL logic error (1)", and ends with 1. `.dump` of the same file is whole.
# Hurts: whoever has a damaged archive on such a machine, and takes the empty result for the state of the file.
# Instead: .dump, which goes on behind damage as far as it can; or the shell from sqlite.org.
. "$(dirname "$0")/lib.sh"
debian_with sqlite3=3.40.1-2+deb12u2
sqlite3=$root/usr/bin/sqlite3
"$sqlite3" sound.db "CREATE TABLE log (id INTEGER PRIMARY KEY, summary TEXT); INSERT INTO log VALUES (1, 'kept')"
rows() { "$sqlite3" sound.db "$1" 2>error.txt | grep -c kept; }
seen=$(
  echo "rows of .dump: $(rows .dump)"
  echo "rows of .recover: $(rows .recover)"
  echo "it says: $(cat error.txt)"
)
verdict 'sqlite3 3.40.1-2+deb12u2 (Debian)' 'one row, each time' 'rows of .dump: 1
rows of .recover: 0
it says: sql error: SQL logic error (1)' "$seen"
