-- Webhooks: who wants to be told of what, and what is still to be told (the outbox) or was.

-- condition: a filter of runs for the event run.condition_met, '' for none. experiments: JSON list of ids to which
-- events of runs are limited, '' for none. position: of the runs that were looked at for the condition.
CREATE TABLE webhook (
  wn {serial},
  webhook_id TEXT {c} NOT NULL UNIQUE,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  secret TEXT NOT NULL,
  active SMALLINT NOT NULL,
  condition TEXT NOT NULL,
  experiments TEXT NOT NULL,
  position {big} NOT NULL,
  created_ms {big} NOT NULL,
  updated_ms {big} NOT NULL
);

CREATE TABLE webhook_event (
  wn {big} NOT NULL,
  event TEXT {c} NOT NULL,
  PRIMARY KEY (wn, event)
){clustered};
CREATE INDEX webhook_event_by_name ON webhook_event (event);

-- once: no webhook is told of the same thing twice. state: 0 waiting, 1 delivered, 2 given up.
-- status: of the last answer, NULL for none.
CREATE TABLE webhook_delivery (
  id {serial},
  wn {big} NOT NULL,
  delivery_id TEXT {c} NOT NULL,
  event TEXT {c} NOT NULL,
  once TEXT {c} NOT NULL,
  body TEXT NOT NULL,
  state SMALLINT NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  created_ms {big} NOT NULL,
  next_ms {big} NOT NULL,
  last_ms {big},
  status INTEGER,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (wn, once)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (state, next_ms);
CREATE INDEX webhook_delivery_by_hook ON webhook_delivery (wn, id);

-- Which of several servers delivers, and until when unless it renews that.
CREATE TABLE webhook_duty (
  id INTEGER NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until_ms {big} NOT NULL
);
INSERT INTO webhook_duty (id, holder, until_ms) VALUES (1, '', 0);
