#!/usr/bin/env bash
# Guess: sqlglot, which knows how SQLite and DuckDB divide and compare, carries a query from one to the other with the same answer.
# Behaviour: with an integer division it does not, not even between two numbers in the query: time / 3600 has no fraction in SQLite and
#   one in DuckDB, so a count by hour becomes one by entry. LIKE, which takes no notice of case in SQLite, does in DuckDB. `is not`
#   and the place of nulls in an order it does carry over, so it looks thorough.
# Hurts: whoever moves queries of the archive to a lake: as many groups as entries, and a search that finds less.
# Instead: time - time % 3600, since a cast to an integer rounds in DuckDB; and lower() on both sides of LIKE.
. "$(dirname "$0")/lib.sh"
python_with sqlglot==30.30.0 duckdb==2.0.1
seen=$("$python" - 2>set-up.log <<'PY'
import duckdb, sqlglot, sqlite3
lite, duck = sqlite3.connect(":memory:"), duckdb.connect()
for db in lite, duck:
    db.execute("create table entries (id bigint, time bigint, module text)")
    db.execute("insert into entries values (1, 1785578400, 'Braintree'), (2, 1785578407, 'braintree'), (3, 1785582000, null)")
for query in [
    "select count(*) from entries group by time / 3600 order by 1",
    "select count(*) from entries group by time - time % 3600 order by 1",
    "select 7 / 2",
    "select id from entries where module like 'brain%' order by id",
    "select id from entries where lower(module) like lower('Brain%') order by id",
    "select id from entries where module is not 'braintree' order by id",
    "select id from entries order by module, id",
]:
    carried = sqlglot.transpile(query, read="sqlite", write="duckdb")[0]
    print(f"{query}: SQLite", *(row[0] for row in lite.execute(query)), "DuckDB", *(row[0] for row in duck.execute(carried).fetchall()))
PY
)
verdict 'sqlglot 30.30.0, from SQLite to duckdb 2.0.1 (PyPI)' 'the same, each time' "select count(*) from entries group by time / 3600 order by 1: SQLite 1 2 DuckDB 1 1 1
select count(*) from entries group by time - time % 3600 order by 1: SQLite 1 2 DuckDB 1 2
select 7 / 2: SQLite 3 DuckDB 3.5
select id from entries where module like 'brain%' order by id: SQLite 1 2 DuckDB 2
select id from entries where lower(module) like lower('Brain%') order by id: SQLite 1 2 DuckDB 1 2
select id from entries where module is not 'braintree' order by id: SQLite 1 3 DuckDB 1 3
select id from entries order by module, id: SQLite 3 1 2 DuckDB 3 1 2" "$seen"
