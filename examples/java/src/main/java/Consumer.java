import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A consumer to copy: acts once on each journey trigger that fired, whatever dies in between.
 *
 * <p>It reads the topic nyxter.segment-events.v1: CloudEvents in JSON, keyed by the customer's id,
 * so that all that is said of a customer is on one partition, in order. For each trigger that fired
 * it calls an API of yours (CONSUMER_TARGET). Why nothing is lost and nothing is done twice:
 *
 * <ol>
 *   <li>{@code read_committed}: what the segmenter took back is never seen.
 *   <li>What a batch asks for and the position after it are written in one transaction of
 *       <em>our</em> database, both or neither. Kafka's group hands out partitions and keeps no
 *       offsets for us.
 *   <li>The position moves only from where this process began to read ({@code WHERE next = ?}). A
 *       process that was paused while another one took over finds it moved, writes nothing and
 *       reads on from there.
 *   <li>Ids are stable and unique in {@code actions}: an event that is read again, because a topic
 *       was restored or positions were set back, is not acted on again. While positions stand they
 *       are enough by themselves, so ids older than the topic's retention (two years) may be
 *       deleted.
 *   <li>Actions are sent after the commit (an outbox), each with its event's id as idempotency key,
 *       and then marked. A process killed between the two has sent one that is sent again: this is
 *       at least once. The receiver, which passes over a key that it knows, makes it once.
 * </ol>
 *
 * <p>All processes of a group share one database: SQLite on one machine; for several machines take
 * PostgreSQL ({@code seq} is then a bigserial), where these statements hold as well. {@code take}
 * and {@code sendOldest} are what must stay as they are; {@code isWanted} and {@code act} are yours
 * to change. Settings:
 *
 * <pre>
 * NYXTER_BROKER    Kafka's bootstrap servers (127.0.0.1:9092)
 * CONSUMER_KAFKA   more options of the Kafka client (TLS, SASL, ...), a JSON object
 * CONSUMER_GROUP   the group that shares the partitions out (nyxter-actions)
 * CONSUMER_DB      the database (actions.db)
 * CONSUMER_START   for partitions that have no position yet: from which instant on to read
 * CONSUMER_TARGET  the URL to POST events to; none: they are printed
 * </pre>
 */
public final class Consumer implements ConsumerRebalanceListener {
  static final String TOPIC = "nyxter.segment-events.v1";
  static final Duration ANSWER = Duration.ofSeconds(10);
  // Of each turn, so that we come back to Kafka long before it thinks us dead.
  static final Duration SENDING = Duration.ofSeconds(5);
  static final ObjectMapper JSON = new ObjectMapper();
  static final List<String> SCHEMA = List.of(
      "CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL)",
      """
      CREATE TABLE IF NOT EXISTS actions (
          seq INTEGER PRIMARY KEY,
          id TEXT NOT NULL UNIQUE,
          partition INTEGER NOT NULL,
          event TEXT,      -- dropped once the action is done
          status INTEGER,  -- what the receiver answered; NULL: to be sent
          taken_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)""",
      "CREATE INDEX IF NOT EXISTS waiting ON actions (partition, seq) WHERE status IS NULL");

  private final Connection db;
  private final KafkaConsumer<String, String> consumer;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(ANSWER).build();
  /** Partition that we own -> where this process reads on. */
  private final Map<Integer, Long> nexts = new HashMap<>();

  Consumer(Connection db, KafkaConsumer<String, String> consumer) {
    this.db = db;
    this.consumer = consumer;
  }

  /** Whether an event is a trigger that fired; other types on the topic are passed over. */
  static boolean isWanted(JsonNode event) {
    return event.path("type").asText().equals("nyxter.journey.triggered.v1")
        && event.at("/data/suppressed").isNull();
  }

  /** Does what a trigger asks for and returns the receiver's answer, an HTTP status. */
  int act(String id, String event) throws IOException, InterruptedException {
    String target = System.getenv("CONSUMER_TARGET");
    if (target == null) {
      System.out.println(event);
      return 200;
    }
    HttpRequest request = HttpRequest.newBuilder(URI.create(target))
        .timeout(ANSWER)
        .header("Content-Type", "application/cloudevents+json")
        .header("Idempotency-Key", id)
        .POST(HttpRequest.BodyPublishers.ofString(event))
        .build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  /** Done, or refused for ever; after any other answer an action is sent again. */
  static boolean isFinal(int status) {
    return status / 100 == 2 || status == 400 || status == 422;
  }

  /**
   * Writes a batch's actions and the position after it; false: the position is not ours to move.
   *
   * <p>The move comes first: it locks the partition's row, and where it fails nothing is written.
   */
  boolean take(int partition, List<ConsumerRecord<String, String>> records, long end)
      throws SQLException, IOException {
    db.setAutoCommit(false);
    try {
      String move = "UPDATE positions SET next = ? WHERE partition = ? AND next = ?";
      if (update(move, end, partition, nexts.get(partition)) == 0) {
        db.rollback();
        return false;
      }
      for (ConsumerRecord<String, String> record : records) {
        JsonNode event = JSON.readTree(record.value() == null ? "{}" : record.value());
        if (isWanted(event)) {
          update("INSERT INTO actions (id, partition, event) VALUES (?, ?, ?)"
              + " ON CONFLICT (id) DO NOTHING", event.get("id").asText(), partition, record.value());
        }
      }
      db.commit();
      return true;
    } catch (SQLException | IOException | RuntimeException why) {
      db.rollback();
      throw why;
    } finally {
      db.setAutoCommit(true);
    }
  }

  /**
   * Sends what waits in our partitions, in turn, until nothing does or it is time.
   *
   * <p>The order is by chance, so that one that is slow does not starve the others for ever.
   */
  void send() throws SQLException, InterruptedException {
    Instant until = Instant.now().plus(SENDING);
    List<Integer> waiting = new ArrayList<>(nexts.keySet());
    Collections.shuffle(waiting);
    while (!waiting.isEmpty()) {
      List<Integer> more = new ArrayList<>();
      for (int partition : waiting) {
        if (Instant.now().isBefore(until) && sendOldest(partition)) {
          more.add(partition);
        }
      }
      waiting = more;
    }
  }

  /**
   * Sends the oldest action that waits and marks it; false: there is none, or it is tried later.
   *
   * <p>It is looked up just before it is sent: another process may have done it meanwhile.
   */
  boolean sendOldest(int partition) throws SQLException, InterruptedException {
    long seq;
    String id;
    String event;
    try (var found = db.prepareStatement("SELECT seq, id, event FROM actions"
        + " WHERE partition = ? AND status IS NULL ORDER BY seq LIMIT 1")) {
      found.setInt(1, partition);
      var row = found.executeQuery();
      if (!row.next()) {
        return false;
      }
      seq = row.getLong(1);
      id = row.getString(2);
      event = row.getString(3);
    }
    String why;
    try {
      int status = act(id, event);
      if (isFinal(status)) {
        update("UPDATE actions SET status = ?, event = NULL WHERE seq = ?", status, seq);
        return true;
      }
      why = "answer " + status;
    } catch (IOException failed) {
      why = failed.toString();
    }
    System.err.println(id + " will be sent again: " + why);
    return false;
  }

  /** Returns the offset to read next, by partition. */
  Map<Integer, Long> stored() throws SQLException {
    Map<Integer, Long> positions = new HashMap<>();
    try (var statement = db.createStatement();
        var rows = statement.executeQuery("SELECT partition, next FROM positions")) {
      while (rows.next()) {
        positions.put(rows.getInt(1), rows.getLong(2));
      }
    }
    return positions;
  }

  /** Gives each partition a position at the first start; stops where the topic does not hold it. */
  void prepare() throws SQLException {
    Map<Integer, Long> positions = stored();
    List<TopicPartition> partitions = consumer.partitionsFor(TOPIC).stream()
        .map(info -> new TopicPartition(TOPIC, info.partition())).toList();
    Map<TopicPartition, Long> lows = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    for (TopicPartition partition : partitions) {
      Long position = positions.get(partition.partition());
      long low = lows.get(partition);
      long end = ends.get(partition);
      if (position == null) {
        update("INSERT INTO positions VALUES (?, ?) ON CONFLICT DO NOTHING",
            partition.partition(), firstOf(partition, end));
      } else if (position < low || position > end) {
        throw new IllegalStateException(partition + " holds offsets " + low + " to " + end
            + ", our position is " + position + ": the topic was made anew, or lost what we had not"
            + " read yet. Delete the rows of `positions` and say with CONSUMER_START from when on"
            + " to read again");
      }
    }
  }

  /** Returns the first offset from CONSUMER_START on, or the end where there is none. */
  long firstOf(TopicPartition partition, long end) {
    String start = System.getenv("CONSUMER_START");
    if (start == null) {
      throw new IllegalStateException("No position is stored for " + partition + ": say from when"
          + " on to read, such as CONSUMER_START=2026-11-22T00:00:00Z, or"
          + " CONSUMER_START=1970-01-01T00:00:00Z for all there is");
    }
    long instant = Instant.parse(start).toEpochMilli();
    OffsetAndTimestamp first = consumer.offsetsForTimes(Map.of(partition, instant)).get(partition);
    return first == null ? end : first.offset();
  }

  /** Reads, takes and sends until a signal ends us. */
  void run() throws SQLException, IOException, InterruptedException {
    consumer.subscribe(List.of(TOPIC), this);
    while (true) {
      ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
      for (TopicPartition partition : records.partitions()) {
        List<ConsumerRecord<String, String>> batch = records.records(partition);
        long end = batch.get(batch.size() - 1).offset() + 1;
        if (take(partition.partition(), batch, end)) {
          nexts.put(partition.partition(), end);
        } else { // somebody else has gone on: read from where they are, while it is ours
          onPartitionsAssigned(List.of(partition));
        }
      }
      send();
    }
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> owned) {
    try {
      Map<Integer, Long> positions = stored();
      for (TopicPartition partition : owned) {
        long next = positions.get(partition.partition());
        nexts.put(partition.partition(), next);
        consumer.seek(partition, next);
      }
    } catch (SQLException why) {
      throw new IllegalStateException(why);
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> lost) {
    lost.forEach(partition -> nexts.remove(partition.partition()));
  }

  private int update(String sql, Object... values) throws SQLException {
    try (var statement = db.prepareStatement(sql)) {
      for (int n = 0; n < values.length; n++) {
        statement.setObject(n + 1, values[n]);
      }
      return statement.executeUpdate();
    }
  }

  static String setting(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }

  static Map<String, Object> options() throws IOException {
    Map<String, Object> options = new HashMap<>(
        JSON.readValue(setting("CONSUMER_KAFKA", "{}"), new TypeReference<Map<String, Object>>() {}));
    options.putAll(Map.of(
        "bootstrap.servers", setting("NYXTER_BROKER", "127.0.0.1:9092"),
        "group.id", setting("CONSUMER_GROUP", "nyxter-actions"),
        "isolation.level", "read_committed",
        "enable.auto.commit", false,
        "auto.offset.reset", "none", // never jump: a position that is not there stops us
        "key.deserializer", StringDeserializer.class,
        "value.deserializer", StringDeserializer.class));
    return options;
  }

  /** Connects and runs; leaves the group in order when told to end (kill -9 does no harm either). */
  public static void main(String[] arguments) throws Exception {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    String url = "jdbc:sqlite:" + setting("CONSUMER_DB", "actions.db")
        + "?transaction_mode=IMMEDIATE&busy_timeout=30000";
    try (Connection db = DriverManager.getConnection(url);
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(options())) {
      Thread main = Thread.currentThread();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        consumer.wakeup();
        try {
          main.join();
        } catch (InterruptedException why) {
          Thread.currentThread().interrupt();
        }
      }));
      try (var statement = db.createStatement()) {
        for (String sql : SCHEMA) {
          statement.execute(sql);
        }
      }
      Consumer ours = new Consumer(db, consumer);
      ours.prepare();
      ours.run();
    } catch (WakeupException told) {
      // the end that a signal asks for
    }
  }
}
