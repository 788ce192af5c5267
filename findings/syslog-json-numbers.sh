#!/usr/bin/env bash
# Guess: rsyslog and syslog-ng read JSON lines and write them as JSON again with the same names and numbers, or refuse what is too long.
# Behaviour: both make 9223372036854775807 of every whole number above it, so all tracking numbers of 22 digits are one. syslog-ng
#   makes texts of all numbers, with six decimals, so 0.0000001 is "0.000000"; makes "" of null and of an empty list, drops an
#   empty object, and takes a name apart at its points: {"a.b":1} is {"a":{"b":"1"}}.
# Hurts: whoever sends JSON lines on through them and looks for an order or a parcel by its number.
# Instead: pass the line on as it is, with property `msg` or `${MSG}`; numbers as texts in the lines.
. "$(dirname "$0")/lib.sh"
debian_with rsyslog=8.2302.0-1+deb12u2 libestr0=0.1.11-1 libfastjson4=1.2304.0-1 liblognorm5=2.0.6-4 \
  syslog-ng-core=3.38.1-5+deb12u1 libivykis0=0.42.4-1 libnet1=1.1.6+dfsg-3.2 libjson-c5=0.16-2 libwrap0=7.6.q-32 libpcre3=2:8.39-15
library=$root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$library:$root/usr/lib/syslog-ng:$root/lib/x86_64-linux-gnu
values=('9223372036854775806' '9223372036854775808' '9400100000000000000123' '19.90' '0.0000001' 'null' '{}' '[]')
for value in "${values[@]}"; do echo "{\"id\":\"00123\",\"extra\":{\"value\":$value}}"; done >log.jsonl
echo '{"id":"00123","extra":{"a.b":1}}' >>log.jsonl
cat >rsyslog.conf <<CONF
global(workDirectory="$work" net.enableDNS="off")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="mmjsonparse")
template(name="extra" type="list") { property(name="\$!extra") constant(value="\n") }
input(type="imfile" file="$work/log.jsonl" tag="log" ruleset="log")
ruleset(name="log") { action(type="mmjsonparse" cookie="") action(type="omfile" file="$work/rsyslog.out" template="extra") }
CONF
cat >syslog-ng.conf <<CONF
@version: 3.38
source lines { file("$work/log.jsonl" follow-freq(1) flags(no-parse)); };
parser json { json-parser(prefix("entry.")); };
destination out { file("$work/syslog-ng.out" template("\$(format-json --subkeys entry.)\n")); };
log { source(lines); parser(json); destination(out); };
CONF
"$root/usr/sbin/rsyslogd" -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" -M "$library/rsyslog" >rsyslog.log 2>&1 &
pids+=($!)
"$root/usr/sbin/syslog-ng" -F -f "$work/syslog-ng.conf" --module-path="$root/usr/lib/syslog-ng/3.38" --persist-file="$work/persist" \
  --pidfile="$work/syslog-ng.pid" --control="$work/control" --no-caps >syslog-ng.log 2>&1 &
pids+=($!)
for _ in $(seq 100); do [ "$(cat rsyslog.out syslog-ng.out 2>/dev/null | wc -l)" = 18 ] && break; sleep 0.1; done
cat rsyslog.log syslog-ng.log >set-up.log
kill "${pids[@]}"
wait "${pids[@]}"
pids=()
[ "$(cat rsyslog.out syslog-ng.out 2>/dev/null | wc -l)" = 18 ] || not_set_up rsyslog, syslog-ng
seen=$(paste -d '~' <(sed 's/.*"extra"://; s/}$//' log.jsonl) <(tr -d ' ' <rsyslog.out) <(sed -E 's/.*"extra":(.*)\}$/\1/; s/^\{"id.*/nothing/' syslog-ng.out) | sed 's/^/of /; s/~/ rsyslog makes /; s/~/ and syslog-ng /')
verdict 'rsyslog 8.2302.0, syslog-ng 3.38.1 (Debian 12)' 'the same names and values, or an error' 'of {"value":9223372036854775806} rsyslog makes {"value":9223372036854775806} and syslog-ng {"value":"9223372036854775806"}
of {"value":9223372036854775808} rsyslog makes {"value":9223372036854775807} and syslog-ng {"value":"9223372036854775807"}
of {"value":9400100000000000000123} rsyslog makes {"value":9223372036854775807} and syslog-ng {"value":"9223372036854775807"}
of {"value":19.90} rsyslog makes {"value":19.90} and syslog-ng {"value":"19.900000"}
of {"value":0.0000001} rsyslog makes {"value":0.0000001} and syslog-ng {"value":"0.000000"}
of {"value":null} rsyslog makes {"value":null} and syslog-ng {"value":""}
of {"value":{}} rsyslog makes {"value":{}} and syslog-ng nothing
of {"value":[]} rsyslog makes {"value":[]} and syslog-ng {"value":""}
of {"a.b":1} rsyslog makes {"a.b":1} and syslog-ng {"a":{"b":"1"}}' "$seen"
