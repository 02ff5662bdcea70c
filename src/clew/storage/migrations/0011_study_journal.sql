-- Shared studies: what the workers of a search do, entry by entry, in one order for all.

-- length: how many entries it has; whoever appends changes it first, so that the others wait.
CREATE TABLE study_journal (
  id {serial},
  name TEXT {c} NOT NULL UNIQUE,
  length {big} NOT NULL,
  created_ms {big} NOT NULL
);

-- number: from 0 on, without gaps. body: a JSON text as the client wrote it.
-- token: on the first entry of an append, what tells that append from all others.
CREATE TABLE study_entry (
  journal_id {big} NOT NULL,
  number {big} NOT NULL,
  body TEXT NOT NULL,
  token TEXT {c},
  PRIMARY KEY (journal_id, number)
){clustered};
CREATE UNIQUE INDEX study_entry_by_token ON study_entry (journal_id, token) WHERE token IS NOT NULL;
