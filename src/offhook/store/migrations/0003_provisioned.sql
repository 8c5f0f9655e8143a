-- `record` holds the whole value as JSON, as in the tables of calls. A name is taken once in its kind and scope.

CREATE TABLE provisioned (
    kind         TEXT NOT NULL,
    parent_sid   TEXT NOT NULL,
    sid          TEXT NOT NULL,
    account_sid  TEXT NOT NULL,
    name         TEXT,
    label        TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    record       TEXT NOT NULL,
    PRIMARY KEY (kind, parent_sid, sid)
);

CREATE UNIQUE INDEX provisioned_name ON provisioned (kind, parent_sid, name) WHERE name IS NOT NULL;
CREATE INDEX provisioned_newest ON provisioned (account_sid, kind, parent_sid, date_created, sid);
