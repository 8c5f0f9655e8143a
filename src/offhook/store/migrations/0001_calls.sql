-- Times are microseconds since 1970 in UTC. `record`, `entry` and `notification` hold the whole value as JSON;
-- the other columns are what lists filter and order by.

CREATE TABLE call_record (
    sid             TEXT PRIMARY KEY,
    account_sid     TEXT NOT NULL,
    parent_call_sid TEXT,
    status          TEXT NOT NULL,
    to_address      TEXT NOT NULL,
    from_address    TEXT NOT NULL,
    date_created    BIGINT NOT NULL,
    start_time      BIGINT,
    end_time        BIGINT,
    is_final        INTEGER NOT NULL,
    record          TEXT NOT NULL
);

CREATE INDEX call_record_newest ON call_record (account_sid, date_created, sid);
CREATE INDEX call_record_to ON call_record (account_sid, to_address, date_created, sid);
CREATE INDEX call_record_from ON call_record (account_sid, from_address, date_created, sid);
CREATE INDEX call_record_status ON call_record (account_sid, status, date_created, sid);
CREATE INDEX call_record_parent ON call_record (parent_call_sid) WHERE parent_call_sid IS NOT NULL;
CREATE INDEX call_record_unfinished ON call_record (date_created) WHERE is_final = 0;

CREATE TABLE call_notification (
    sid          TEXT PRIMARY KEY,
    account_sid  TEXT NOT NULL,
    call_sid     TEXT NOT NULL,
    message_date BIGINT NOT NULL,
    notification TEXT NOT NULL
);

CREATE INDEX call_notification_of_call ON call_notification (call_sid, message_date);

CREATE TABLE timeline_entry (
    position INTEGER PRIMARY KEY,
    call_sid TEXT NOT NULL,
    at       BIGINT NOT NULL,
    entry    TEXT NOT NULL
);

CREATE INDEX timeline_entry_of_call ON timeline_entry (call_sid, at, position);
