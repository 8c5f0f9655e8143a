-- Notifications are listed by account, by date and by kind, as calls are.

ALTER TABLE call_notification RENAME COLUMN message_date TO date_created;
ALTER TABLE call_notification RENAME COLUMN notification TO record;
ALTER TABLE call_notification ADD COLUMN log INTEGER NOT NULL DEFAULT 1;
UPDATE call_notification SET log = 0 WHERE record LIKE '%"log":0%';

CREATE INDEX call_notification_newest ON call_notification (account_sid, date_created, sid);
