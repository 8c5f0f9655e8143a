-- `record` holds the whole value as JSON, as in the tables of calls.

CREATE TABLE recording (
    sid          TEXT PRIMARY KEY,
    account_sid  TEXT NOT NULL,
    call_sid     TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    is_final     INTEGER NOT NULL,
    record       TEXT NOT NULL
);

CREATE INDEX recording_newest ON recording (account_sid, date_created, sid);
CREATE INDEX recording_of_call ON recording (call_sid, date_created);
CREATE INDEX recording_unfinished ON recording (date_created) WHERE is_final = 0;
