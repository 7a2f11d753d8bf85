"""Answers with APScheduler 3.9 what comes next: one JSON question a line in, one JSON answer a line out.

A question: {"kind", "timezone", "fields" or "every" or "date", "start", "end", "after": [...], "reached": [...]}.
Texts of dates go through APScheduler's own reader; `after` and all answers are epoch milliseconds. An answer: "fires",
the next due time after each of `after`; "plain" (cron alone), the next due time after each of `reached` on a clock
that never changes; "dates", how it reads the texts.
"""

import json
import sys
from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from apscheduler.util import convert_to_datetime
from pytz import timezone, utc

EPOCH = datetime(1970, 1, 1, tzinfo=utc)


def moment(milliseconds, zone):
    return (EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone)


def milliseconds_of(value):
    return None if value is None else round((value - EPOCH) / timedelta(milliseconds=1))


def next_after(trigger, after, zone):
    fire = trigger.get_next_fire_time(None, moment(after + 1, zone))
    return milliseconds_of(fire)


def answer(question):
    zone = timezone(question["timezone"])
    start = convert_to_datetime(question.get("start"), zone, "start")
    end = convert_to_datetime(question.get("end"), zone, "end")
    dates = {"start": milliseconds_of(start), "end": milliseconds_of(end)}
    plain = []
    if question["kind"] == "date":
        trigger = DateTrigger(run_date=question["date"], timezone=zone)
        date = milliseconds_of(trigger.run_date)
        # APScheduler gives the date whatever the instant; that it lies ahead is the scheduler's business.
        fires = [date if date > after else None for after in question["after"]]
        return {"fires": fires, "plain": plain, "dates": {"date": date}}
    if question["kind"] == "interval":
        anchor = start or moment(question["createdAt"], zone)
        trigger = IntervalTrigger(start_date=anchor, end_date=end, timezone=zone, **question["every"])
    else:
        trigger = CronTrigger(start_date=start, end_date=end, timezone=zone, **question["fields"])
        without_zone = CronTrigger(timezone=utc, end_date="2037-06-01", **question["fields"])
        plain = [next_after(without_zone, reached, utc) for reached in question["reached"]]
    fires = [next_after(trigger, after, zone) for after in question["after"]]
    return {"fires": fires, "plain": plain, "dates": dates}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
