/**
 * A consumer to copy: acts once on each journey trigger that fired, whatever dies in between.
 *
 * It reads the topic nyxter.segment-events.v1: CloudEvents in JSON, keyed by the customer's id, so
 * that all that is said of a customer is on one partition, in order. For each trigger that fired it
 * calls an API of yours (CONSUMER_TARGET). Why nothing is lost and nothing is done twice:
 *
 * 1. read_committed (KafkaJS's default): what the segmenter took back is never seen.
 * 2. What a batch asks for and the position after it are written in one transaction of *our*
 *    database, both or neither. Kafka's group hands out partitions and keeps no offsets for us.
 * 3. The position moves only from where this process began to read (`WHERE next = ?`). A process
 *    that was paused while another one took over finds it moved, writes nothing and reads on from
 *    there.
 * 4. Ids are stable and unique in `actions`: an event that is read again, because a topic was
 *    restored or positions were set back, is not acted on again. While positions stand they are
 *    enough by themselves, so ids older than the topic's retention (two years) may be deleted.
 * 5. Actions are sent after the commit (an outbox), each with its event's id as idempotency key,
 *    and then marked. A process killed between the two has sent one that is sent again: this is at
 *    least once. The receiver, which passes over a key that it knows, makes it once.
 *
 * All processes of a group share one database: SQLite on one machine; for several machines take
 * PostgreSQL (`seq` is then a bigserial), where these statements hold as well. `take` and
 * `sendOldest` are what must stay as they are; `isWanted` and `act` are yours to change. Settings:
 *
 *     NYXTER_BROKER    Kafka's bootstrap servers (127.0.0.1:9092)
 *     CONSUMER_KAFKA   more options of KafkaJS (ssl, sasl, sessionTimeout, ...), a JSON object
 *     CONSUMER_GROUP   the group that shares the partitions out (nyxter-actions)
 *     CONSUMER_DB      the database (actions.db)
 *     CONSUMER_START   for partitions that have no position yet: from which instant on to read
 *     CONSUMER_TARGET  the URL to POST events to; none: they are printed
 *
 * KafkaJS and libsql (SQLite with better-sqlite3's interface) install without compiling anything.
 * KafkaJS passes over aborted events where a partition has one transactional writer at a time, as
 * this topic's have.
 */
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import Database from "libsql";

const TOPIC = "nyxter.segment-events.v1";
const {
  NYXTER_BROKER: BROKER = "127.0.0.1:9092",
  CONSUMER_KAFKA: OPTIONS = "{}",
  CONSUMER_GROUP: GROUP = "nyxter-actions",
  CONSUMER_DB: DATABASE = "actions.db",
  CONSUMER_START: START,
  CONSUMER_TARGET: TARGET,
} = process.env;
const ANSWER_MS = 10_000;

const db = new Database(DATABASE);
db.exec("PRAGMA busy_timeout = 30000");
inTransaction(() => db.exec(`
  CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS actions (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      partition INTEGER NOT NULL,
      event TEXT,      -- dropped once the action is done
      status INTEGER,  -- what the receiver answered; NULL: to be sent
      taken_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
  );
  CREATE INDEX IF NOT EXISTS waiting ON actions (partition, seq) WHERE status IS NULL;
`));
const sql = {
  positions: db.prepare("SELECT partition, next FROM positions"),
  begin: db.prepare("INSERT INTO positions VALUES (?, ?) ON CONFLICT DO NOTHING"),
  move: db.prepare("UPDATE positions SET next = ? WHERE partition = ? AND next = ?"),
  insert: db.prepare(
    "INSERT INTO actions (id, partition, event) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
  ),
  oldest: db.prepare(
    "SELECT seq, id, event FROM actions WHERE partition = ? AND status IS NULL ORDER BY seq LIMIT 1",
  ),
  mark: db.prepare("UPDATE actions SET status = ?, event = NULL WHERE seq = ?"),
};

const kafka = new kafkajs.Kafka({
  ...JSON.parse(OPTIONS),
  brokers: BROKER.split(","),
  logLevel: kafkajs.logLevel.ERROR,
});
const consumer = kafka.consumer({
  maxWaitTimeInMs: 500, // it learns of changes of the group between two fetches
  ...JSON.parse(OPTIONS),
  groupId: GROUP,
  readUncommitted: false,
});
const nexts = new Map(); // partition that we own -> where this process reads on

/** Whether an event is a trigger that fired; other types on the topic are passed over. */
function isWanted(event) {
  return event.type === "nyxter.journey.triggered.v1" && event.data.suppressed === null;
}

/** Do what a trigger asks for and return the receiver's answer, an HTTP status. */
async function act(id, event) {
  if (TARGET === undefined) {
    console.log(event);
    return 200;
  }
  const headers = { "Content-Type": "application/cloudevents+json", "Idempotency-Key": id };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const redirect = "manual"; // a redirected POST would arrive as a GET, which asks for nothing
  const answer = await fetch(TARGET, { method: "POST", headers, body: event, signal, redirect });
  await answer.arrayBuffer();
  return answer.status;
}

/** Done, or refused for ever; after any other answer an action is sent again. */
function isFinal(status) {
  return (status >= 200 && status < 300) || status === 400 || status === 422;
}

/** Do all that `work` does to the database, or nothing; it must not wait for anything. */
function inTransaction(work) {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (why) {
    db.exec("ROLLBACK");
    throw why;
  }
}

/**
 * Write a batch's actions and the position after it; false: the position is not ours to move.
 *
 * The move comes first: it locks the partition's row, and where it fails nothing is written.
 */
function take(partition, start, messages, end) {
  return inTransaction(() => {
    if (sql.move.run(end, partition, start).changes === 0) return false;
    for (const { value } of messages) {
      const event = value && JSON.parse(value);
      if (event && isWanted(event)) sql.insert.run(event.id, partition, value.toString());
    }
    return true;
  });
}

/** Read on from the stored position. */
function goOn(partition) {
  nexts.set(partition, stored().get(partition));
  consumer.seek({ topic: TOPIC, partition, offset: String(nexts.get(partition)) });
}

/** Return the offset to read next, by partition. */
function stored() {
  return new Map(sql.positions.all().map(({ partition, next }) => [partition, next]));
}

async function eachBatch({ batch }) {
  const { partition } = batch;
  const [start, end] = [nexts.get(partition), Number(batch.lastOffset()) + 1];
  if (start === undefined) return; // not ours any more
  if (Number(batch.messages[0].offset) < start) {
    await prepare(); // KafkaJS went back by itself: stops us if the topic was made anew
    goOn(partition);
  } else if (take(partition, start, batch.messages, end)) {
    nexts.set(partition, end);
  } else {
    goOn(partition); // somebody else has gone on: read from where they are, while it is ours
  }
}

/**
 * Send the oldest action that waits and mark it; false: there is none, or it is tried later.
 *
 * It is looked up just before it is sent: another process may have done it meanwhile.
 */
async function sendOldest(partition) {
  const row = sql.oldest.get(partition);
  if (row === undefined) return false;
  let why;
  try {
    const status = await act(row.id, row.event);
    if (isFinal(status)) {
      sql.mark.run(status, row.seq);
      return true;
    }
    why = `answer ${status}`;
  } catch (error) {
    why = error;
  }
  console.error(`${row.id} will be sent again: ${why}`);
  return false;
}

/** Send what waits in our partitions, in turn, for ever. */
async function send() {
  for (;;) {
    let sent = 0;
    for (const partition of [...nexts.keys()]) sent += await sendOldest(partition);
    if (sent === 0) await sleep(200);
  }
}

/** Give each partition a position at the first start; stop where the topic does not hold it. */
async function prepare() {
  const positions = stored();
  const admin = kafka.admin();
  await admin.connect();
  for (const { partition, low, high } of await admin.fetchTopicOffsets(TOPIC)) {
    const position = positions.get(partition);
    if (position === undefined) {
      sql.begin.run(partition, await firstOf(admin, partition));
    } else if (position < Number(low) || position > Number(high)) {
      throw new Error(
        `${TOPIC} partition ${partition} holds offsets ${low} to ${high}, our position is ` +
          `${position}: the topic was made anew, or lost what we had not read yet. Delete the rows ` +
          "of `positions` and say with CONSUMER_START from when on to read again",
      );
    }
  }
  await admin.disconnect();
}

/** Return the first offset from CONSUMER_START on, or the end where there is none. */
async function firstOf(admin, partition) {
  if (START === undefined) {
    throw new Error(
      `No position is stored for ${TOPIC} partition ${partition}: say from when on to read, such ` +
        "as CONSUMER_START=2026-11-22T00:00:00Z, or CONSUMER_START=1970-01-01T00:00:00Z for all " +
        "there is",
    );
  }
  const instant = new Date(START).toISOString(); // raises where it is none
  const found = await admin.fetchTopicOffsetsByTimestamp(TOPIC, Date.parse(instant));
  return Number(found.find((one) => one.partition === partition).offset);
}

/** A process that cannot go on ends; whoever starts it again finds all in the database. */
function fail(why) {
  console.error(why.message ?? why);
  process.exit(1);
}

// Leave the group in order when told to end (kill -9 does no harm either).
process.once("SIGTERM", () => consumer.disconnect().finally(() => process.exit(0)));
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  nexts.clear();
  for (const partition of payload.memberAssignment[TOPIC] ?? []) goOn(partition);
});
consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || fail(payload.error));

try {
  await prepare();
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatch: (work) => eachBatch(work).catch(fail) });
  await send();
} catch (why) {
  fail(why);
}
