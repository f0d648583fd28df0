/**
 * The first schema. What shaped it: a message's way through changes as few pages as possible, however
 * large the database has grown, and every list has an index that answers it in order.
 *
 * - A message's number `m` counts accepts, so rows are appended; a delivery's number is
 *   `m * 65536 + n` and needs no further key.
 * - The indexes on senders and recipients begin with a span of 8,192 messages. Inserts then fall into
 *   the span's few pages instead of any page of the whole index; a list looks into span after span.
 * - `delivery.state` is a number, `reached` being 0, so that one partial index serves every other
 *   state and the many deliveries that reached somebody stand in none.
 * - `delivery.due` is what the engine asked for; `claimed_until` hides a row from claims. A row is
 *   in one of the two partial indexes at the most.
 * - `journal` has one row for each append and is itself only ever appended to: the delivery names its
 *   last row, and each row the one before. The store knows of entries only their sequence.
 */
export const first = `
CREATE TABLE message (
	m INTEGER PRIMARY KEY,
	id BLOB NOT NULL,
	accepted_at INTEGER NOT NULL,
	sender TEXT NOT NULL,
	idempotency_key TEXT,
	document TEXT NOT NULL
);
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX message_sender ON message (m >> 13, sender);

CREATE TABLE delivery (
	d INTEGER PRIMARY KEY,
	recipient TEXT NOT NULL,
	state INTEGER NOT NULL,
	reason TEXT,
	due INTEGER,
	claimed_until INTEGER,
	sequence INTEGER NOT NULL,
	settled_at INTEGER,
	journal INTEGER
);
CREATE INDEX delivery_recipient ON delivery (d >> 29, recipient);
CREATE INDEX delivery_due ON delivery (due) WHERE due IS NOT NULL AND claimed_until IS NULL;
CREATE INDEX delivery_claimed ON delivery (claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX delivery_state ON delivery (state) WHERE state > 0;

CREATE TABLE journal (
	j INTEGER PRIMARY KEY,
	previous INTEGER,
	entries TEXT NOT NULL
);

CREATE TABLE prompt (
	id TEXT PRIMARY KEY,
	sender TEXT NOT NULL,
	asked_at INTEGER NOT NULL,
	document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX prompt_asked ON prompt (asked_at, id);
CREATE INDEX prompt_sender ON prompt (sender, asked_at, id);

CREATE TABLE idempotency (
	key TEXT PRIMARY KEY,
	digest TEXT NOT NULL,
	message BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE record (
	database TEXT NOT NULL,
	key TEXT NOT NULL,
	revision INTEGER NOT NULL,
	managed_by TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (database, key)
) WITHOUT ROWID;
CREATE INDEX record_managed_by ON record (database, managed_by, key);

CREATE TABLE plugin_value (
	mechanism TEXT NOT NULL,
	key TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (mechanism, key)
) WITHOUT ROWID;

CREATE TABLE counter (
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('revision', 0), ('deliveries', 0);
`;
