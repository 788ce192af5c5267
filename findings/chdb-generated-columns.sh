#!/usr/bin/env bash
# Guess: ClickHouse's sqlite() shows the columns that SQLite's own select * shows.
# Behaviour: generated columns, virtual and stored, are not there: select * leaves them out, and naming one is an error. The
#   same expression in a view of the file is shown, but as text, whatever SQLite makes of it.
# Hurts: whoever asks chDB or ClickHouse about a SQLite file whose day or hour is a generated column.
# Instead: a view with a cast on ClickHouse's side, or the same SQL in SQLite.
. "$(dirname "$0")/lib.sh"
python_with chdb==4.4.0
seen=$("$python" - <<'PY'
import chdb, sqlite3
db = sqlite3.connect("log.db")
db.executescript("""
    create table log(id text, time integer, hour integer as (time / 3600), kept integer as (time / 60) stored);
    create view hours as select id, time / 3600 as hour from log;
    insert into log(id, time) values ('1', 7200);
""")
print("SQLite:", *[column[0] for column in db.execute("select * from log").description])
db.close()
def ask(sql):
    try:
        return str(chdb.query(sql, "TSV")).strip().replace("\t", " ")
    except Exception as error:
        return "unknown column" if "UNKNOWN_IDENTIFIER" in str(error) else str(error)
print("chDB:", *[line.split("\t")[0] for line in str(chdb.query("describe sqlite('log.db', 'log')", "TSV")).splitlines()])
print("chDB, by name:", ask("select hour from sqlite('log.db', 'log')"))
print("chDB, the view:", ask("select hour, toTypeName(hour) from sqlite('log.db', 'hours')"))
PY
)
verdict 'chdb 4.4.0 (PyPI)' 'id time hour kept from both, and hour a number' 'SQLite: id time hour kept
chDB: id time
chDB, by name: unknown column
chDB, the view: 2 Nullable(String)' "$seen"
