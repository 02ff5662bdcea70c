-- What the server knows of the files that it keeps: the SHA-256 of each upload, and uploads under way.

-- etag: the file's version when it was recorded; a file that changed since has another one, and its row no longer counts.
CREATE TABLE artifact (
  path TEXT {c} PRIMARY KEY,
  size {big} NOT NULL,
  sha256 TEXT NOT NULL,
  etag TEXT NOT NULL,
  stored_ms {big} NOT NULL
){clustered};

-- A large file that comes in parts. key: how the client knows its file again after an interruption.
CREATE TABLE upload (
  id TEXT {c} PRIMARY KEY,
  path TEXT {c} NOT NULL,
  key TEXT {c} NOT NULL,
  size {big} NOT NULL,
  part_bytes {big} NOT NULL,
  touched_ms {big} NOT NULL
){clustered};
CREATE INDEX upload_by_path ON upload (path);

CREATE TABLE upload_part (
  upload_id TEXT {c} NOT NULL,
  part INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (upload_id, part)
){clustered};
