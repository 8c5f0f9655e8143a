-- What is known of a deleted recording is kept for a while (contract 2 §3.4).

ALTER TABLE recording ADD COLUMN conference_sid TEXT;
ALTER TABLE recording ADD COLUMN date_deleted BIGINT;

CREATE INDEX recording_deleted ON recording (date_deleted) WHERE date_deleted IS NOT NULL;
