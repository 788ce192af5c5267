#!/usr/bin/env bash
# Guess: a schedule in a zone with summer time is cron's: `30 2 * * *` once on every day, `*/30 * * * *` each half hour of real time.
# Behaviour: croniter gives the daily time twice on the day that the clocks go back, and `15 */2` once too often
#   on the other one. cron-converter leaves out the repeated hour, an hour and a half without a run, and in spring gives two instants
#   twice, as times that do not exist. cronsim is right in all of them.
# Hurts: whoever runs collecting, watching or a daily report by these: a report twice, alerts an hour late, and whoever asks for
#   "from the last run to this one" asks for nothing, twice.
# Instead: schedules in UTC, or cronsim; and ask for what came since the last entry, not since the last run.
. "$(dirname "$0")/lib.sh"
python_with croniter==7.0.0 cronsim==2.8 cron-converter==2.0.2 tzdata==2026.2
seen=$("$python" - <<'PY'
import cron_converter, croniter, cronsim, datetime, itertools, zoneinfo
zone, utc = zoneinfo.ZoneInfo("Europe/Berlin"), datetime.timezone.utc
def by_converter(text, start):
    schedule = cron_converter.Cron(text).schedule(start)
    return iter(schedule.next, None)
tools = {
    "croniter": lambda text, start: croniter.croniter(text, start, ret_type=datetime.datetime),
    "cronsim": cronsim.CronSim,
    "cron-converter": by_converter,
}
for day in [datetime.datetime(2026, 10, 25, tzinfo=zone), datetime.datetime(2026, 3, 29, tzinfo=zone)]:
    for text in ["30 2 * * *", "15 */2 * * *", "*/30 * * * *"]:
        told = []
        for name, tool in tools.items():
            end = day + datetime.timedelta(days=1)
            runs = [run.astimezone(utc) for run in itertools.takewhile(lambda run: run < end, tool(text, day - datetime.timedelta(seconds=1)))]
            gaps = [int((b - a).total_seconds() / 60) for a, b in itertools.pairwise(runs)]
            told.append(f"{name} {len(runs)}" + (f" ({min(gaps)} to {max(gaps)} minutes apart)" if gaps and "/30" in text else ""))
        print(f"{day:%d %B}, {text}: {', '.join(told)}")
PY
)
verdict 'croniter 7.0.0, cronsim 2.8, cron-converter 2.0.2 (PyPI)' '25 October: 1, 13, 50 (30 minutes apart); 29 March: 1, 11, 46' '25 October, 30 2 * * *: croniter 2, cronsim 1, cron-converter 1
25 October, 15 */2 * * *: croniter 13, cronsim 13, cron-converter 12
25 October, */30 * * * *: croniter 50 (30 to 30 minutes apart), cronsim 50 (30 to 30 minutes apart), cron-converter 48 (30 to 90 minutes apart)
29 March, 30 2 * * *: croniter 1, cronsim 1, cron-converter 1
29 March, 15 */2 * * *: croniter 12, cronsim 11, cron-converter 12
29 March, */30 * * * *: croniter 46 (30 to 30 minutes apart), cronsim 46 (30 to 30 minutes apart), cron-converter 48 (-30 to 30 minutes apart)' "$seen"
