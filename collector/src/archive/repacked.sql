-- The end of the move to version 9: everything stands in `packed_entry`.

CREATE UNIQUE INDEX entry_uid ON packed_entry (store, id);
CREATE INDEX entry_store_time ON packed_entry (store, time);
CREATE INDEX entry_arrived ON packed_entry (arrived);

DROP VIEW entries;
DROP VIEW entry;
DROP TABLE entry_before;

-- Entries as they are, for whoever reads or changes them by their fields. What it refers to is looked up for the columns that
-- are asked for, and not joined: SQLite joins for a count, too.
CREATE VIEW entry AS
SELECT packed.key AS key, packed.store AS store, packed.id AS id, packed.time AS time, packed.nanos AS nanos,
       (SELECT utc_offset FROM attributes WHERE attributes.id = packed.attributes) AS utc_offset,
       packed.observed AS observed,
       (SELECT severity FROM attributes WHERE attributes.id = packed.attributes) AS severity,
       (SELECT severity_text FROM attributes WHERE attributes.id = packed.attributes) AS severity_text,
       (SELECT category FROM attributes WHERE attributes.id = packed.attributes) AS category,
       (SELECT action FROM attributes WHERE attributes.id = packed.attributes) AS action,
       (SELECT module FROM attributes WHERE attributes.id = packed.attributes) AS module,
       (SELECT actor FROM attributes WHERE attributes.id = packed.attributes) AS actor,
       packed.subject_id AS subject_id,
       CASE WHEN packed.summary_template IS NULL THEN packed.summary ELSE
            (SELECT text_0 || coalesce(packed.summary, '') || text_1 || coalesce(packed.summary_2, '') || text_2
                    || coalesce(packed.summary_3, '') || text_3
               FROM template WHERE template.id = packed.summary_template) END AS summary,
       CASE WHEN packed.message_template IS NULL THEN packed.message ELSE
            (SELECT text_0 || coalesce(packed.message, '') || text_1 || coalesce(packed.message_2, '') || text_2
                    || coalesce(packed.message_3, '') || text_3 || coalesce(packed.message_4, '') || text_4
                    || coalesce(packed.message_5, '') || text_5 || coalesce(packed.message_6, '') || text_6
               FROM template WHERE template.id = packed.message_template) END AS message,
       packed.extra AS extra, packed.arrived AS arrived
  FROM packed_entry AS packed;

-- The archive learns of deletions, by whatever hand (version 3), and so does the index of words (version 4).
CREATE TRIGGER entry_deleted AFTER DELETE ON packed_entry BEGIN
    INSERT OR REPLACE INTO deleted (key, store, time) VALUES (old.key, old.store, old.time);
    INSERT INTO arrival (key) VALUES (old.key);
END;

-- Whoever writes an entry by its fields has its texts kept whole.
CREATE TRIGGER entry_delete INSTEAD OF DELETE ON entry BEGIN
    DELETE FROM packed_entry WHERE key = old.key;
END;
CREATE TRIGGER entry_insert INSTEAD OF INSERT ON entry BEGIN
    INSERT INTO attributes (severity, severity_text, category, action, module, actor, utc_offset)
    VALUES (new.severity, new.severity_text, new.category, new.action, new.module, new.actor, new.utc_offset);
    INSERT INTO packed_entry (key, store, id, time, nanos, observed, attributes, subject_id, summary, message, extra, arrived)
    VALUES (new.key, new.store, new.id, new.time, new.nanos, new.observed, (SELECT max(id) FROM attributes),
            new.subject_id, new.summary, new.message, new.extra, new.arrived);
END;
CREATE TRIGGER entry_update INSTEAD OF UPDATE ON entry BEGIN
    INSERT INTO attributes (severity, severity_text, category, action, module, actor, utc_offset)
    SELECT new.severity, new.severity_text, new.category, new.action, new.module, new.actor, new.utc_offset
     WHERE NOT EXISTS (SELECT 1 FROM attributes
                        WHERE severity = new.severity AND severity_text IS new.severity_text AND category IS new.category
                          AND action IS new.action AND module IS new.module AND actor IS new.actor
                          AND utc_offset = new.utc_offset);
    UPDATE packed_entry
       SET key = new.key, store = new.store, id = new.id, time = new.time, nanos = new.nanos, observed = new.observed,
           attributes = (SELECT min(id) FROM attributes
                          WHERE severity = new.severity AND severity_text IS new.severity_text
                            AND category IS new.category AND action IS new.action AND module IS new.module
                            AND actor IS new.actor AND utc_offset = new.utc_offset),
           subject_id = new.subject_id,
           summary_template = CASE WHEN new.summary IS old.summary THEN summary_template END,
           summary = CASE WHEN new.summary IS old.summary THEN summary ELSE new.summary END,
           summary_2 = CASE WHEN new.summary IS old.summary THEN summary_2 END,
           summary_3 = CASE WHEN new.summary IS old.summary THEN summary_3 END,
           message_template = CASE WHEN new.message IS old.message THEN message_template END,
           message = CASE WHEN new.message IS old.message THEN message ELSE new.message END,
           message_2 = CASE WHEN new.message IS old.message THEN message_2 END,
           message_3 = CASE WHEN new.message IS old.message THEN message_3 END,
           message_4 = CASE WHEN new.message IS old.message THEN message_4 END,
           message_5 = CASE WHEN new.message IS old.message THEN message_5 END,
           message_6 = CASE WHEN new.message IS old.message THEN message_6 END,
           extra = new.extra, arrived = new.arrived
     WHERE key = old.key;
END;

-- What follows is the documented way to read with SQL (docs/search.md); version 5 says why it is built so.
CREATE VIEW entry_as_text AS
SELECT key, CAST(id AS TEXT) AS id,
       strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000) AS time,
       strftime('%Y-%m-%dT%H:%M:%S', observed / 1000000 - (observed % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (observed % 1000000 + 1000000) % 1000000) AS observed
  FROM packed_entry;

CREATE VIEW entries AS
SELECT store.platform || ':' || store.name || ':' || text.id AS uid,
       store.platform AS platform, store.name AS store, text.id, text.time, text.observed,
       CASE attributes.severity WHEN 9 THEN 'info' WHEN 10 THEN 'notice' WHEN 13 THEN 'warning' WHEN 17 THEN 'error'
            ELSE 'unspecified' END AS severity,
       attributes.severity AS severity_number,
       attributes.severity_text, attributes.category, attributes.action, attributes.module, attributes.actor,
       packed.subject_id,
       CASE WHEN packed.summary_template IS NULL THEN packed.summary
            ELSE st.text_0 || coalesce(packed.summary, '') || st.text_1 || coalesce(packed.summary_2, '') || st.text_2
                 || coalesce(packed.summary_3, '') || st.text_3 END AS summary,
       CASE WHEN packed.message_template IS NULL THEN packed.message
            ELSE mt.text_0 || coalesce(packed.message, '') || mt.text_1 || coalesce(packed.message_2, '') || mt.text_2
                 || coalesce(packed.message_3, '') || mt.text_3 || coalesce(packed.message_4, '') || mt.text_4
                 || coalesce(packed.message_5, '') || mt.text_5 || coalesce(packed.message_6, '') || mt.text_6
            END AS message,
       packed.extra, packed.key AS key
  FROM packed_entry AS packed JOIN store ON store.id = packed.store
       LEFT JOIN attributes ON attributes.id = packed.attributes
       LEFT JOIN template AS st ON st.id = packed.summary_template
       LEFT JOIN template AS mt ON mt.id = packed.message_template
       LEFT JOIN entry_as_text AS text ON text.key = CAST(packed.key AS TEXT);

CREATE VIEW store_as_text AS
SELECT id,
       strftime('%Y-%m-%dT%H:%M:%S', state_since / 1000000 - (state_since % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (state_since % 1000000 + 1000000) % 1000000) AS state_since,
       strftime('%Y-%m-%dT%H:%M:%S', last_attempt / 1000000 - (last_attempt % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (last_attempt % 1000000 + 1000000) % 1000000) AS last_attempt,
       strftime('%Y-%m-%dT%H:%M:%S', last_success / 1000000 - (last_success % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (last_success % 1000000 + 1000000) % 1000000) AS last_success,
       strftime('%Y-%m-%dT%H:%M:%S', next_attempt / 1000000 - (next_attempt % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (next_attempt % 1000000 + 1000000) % 1000000) AS next_attempt,
       (SELECT strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000)
           FROM packed_entry WHERE packed_entry.store = store.id ORDER BY time LIMIT 1) AS oldest,
       (SELECT strftime('%Y-%m-%dT%H:%M:%S', time / 1000000 - (time % 1000000 < 0), 'unixepoch')
           || printf('.%06dZ', (time % 1000000 + 1000000) % 1000000)
           FROM packed_entry WHERE packed_entry.store = store.id ORDER BY time DESC LIMIT 1) AS newest
  FROM store;

CREATE VIEW stores AS
SELECT store.platform || ':' || store.name AS store, store.platform, store.name, store.state, store.reason,
       text.state_since, text.last_attempt, text.last_success, store.failures, text.next_attempt, text.oldest, text.newest
  FROM store LEFT JOIN store_as_text AS text ON text.id = CAST(store.id AS TEXT);
