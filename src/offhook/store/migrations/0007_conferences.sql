-- `record` holds the whole value as JSON, as in the tables of calls. The `sid` of a participant is its call's.

CREATE TABLE conference (
    sid           TEXT PRIMARY KEY,
    account_sid   TEXT NOT NULL,
    friendly_name TEXT NOT NULL,
    status        TEXT NOT NULL,
    date_created  BIGINT NOT NULL,
    date_updated  BIGINT NOT NULL,
    record        TEXT NOT NULL
);

CREATE INDEX conference_newest ON conference (account_sid, date_created, sid);
CREATE INDEX conference_unfinished ON conference (date_created) WHERE status <> 'completed';

CREATE TABLE participant (
    conference_sid TEXT NOT NULL,
    sid            TEXT NOT NULL,
    label          TEXT,
    is_muted       INTEGER NOT NULL,
    is_held        INTEGER NOT NULL,
    is_coaching    INTEGER NOT NULL,
    date_created   BIGINT NOT NULL,
    record         TEXT NOT NULL,
    PRIMARY KEY (conference_sid, sid)
);
