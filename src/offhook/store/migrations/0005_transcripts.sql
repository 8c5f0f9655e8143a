-- `record` holds the whole value as JSON, as in the tables of calls.

CREATE TABLE transcript (
    sid           TEXT PRIMARY KEY,
    account_sid   TEXT NOT NULL,
    recording_sid TEXT NOT NULL,
    date_created  BIGINT NOT NULL,
    is_final      INTEGER NOT NULL,
    record        TEXT NOT NULL
);

CREATE INDEX transcript_newest ON transcript (account_sid, date_created, sid);
CREATE INDEX transcript_of_recording ON transcript (recording_sid, date_created, sid);
CREATE INDEX transcript_unfinished ON transcript (date_created) WHERE is_final = 0;
