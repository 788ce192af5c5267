#!/usr/bin/env bash
# Guess: what drizzle-kit reads from a database is its tables as they are, and what it cannot express is left out.
# Behaviour: the condition of one table is given to every table, also to those that have no such column, and without a comma after
#   a composite key, so the file is no TypeScript. A generated column becomes a plain one, an index of some rows one of all,
#   unique (store, id) is gone. It says that the schema is ready, and ends with 0.
# Hurts: whoever opens an archive from TypeScript with it, or lets it push what it read.
# Instead: write the few tables that are asked by hand, and never push to a file that another program owns.
. "$(dirname "$0")/lib.sh"
node_with drizzle-kit@0.31.11 drizzle-orm@0.45.4 @libsql/client@0.18.0
python3 - <<'PY'
import sqlite3
sqlite3.connect("archive.db").executescript("""
create table store (id integer primary key, name text not null check (name <> ''));
create table entry (id integer not null, store integer not null, message text, extra text,
                    carrier text generated always as (extra ->> 'carrier') virtual, unique (store, id));
create index problems on entry (store) where message is not null;
create table coverage (store integer, since integer, primary key (store, since));
""")
PY
echo 'export default { dialect: "sqlite", dbCredentials: { url: "file:archive.db" }, out: "read" };' >drizzle.config.ts
node_modules/.bin/drizzle-kit introspect >set-up.log 2>&1 </dev/null; ended=$?
[ -f read/schema.ts ] || not_set_up drizzle-kit
tables() { grep -oE 'sqliteTable\("[a-z]+|check\(.*`|carrier: .*|index\(.*|unique.*\(.*' read/schema.ts | sed 's/sqliteTable("/table /'; }
seen="$(tables)
ended with $ended; $(node_modules/.bin/esbuild read/schema.ts 2>&1 >/dev/null | grep -o 'Expected.*')"
verdict 'drizzle-kit 0.31.11 (npm)' 'one check, a generated column, a unique key, no syntax error' "table store
check(\"store_check_1\", sql\`name <> ''\`
table entry
carrier: text(),
index(\"problems\").on(table.store),
check(\"store_check_1\", sql\`name <> ''\`
table coverage
check(\"store_check_1\", sql\`name <> ''\`
ended with 0; Expected \"]\" but found \"check\"" "$seen"
